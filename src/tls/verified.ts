/**
 * Which client certificates were verified in full handshakes, and by whose
 * authority.
 *
 * Deno shares TLS sessions among all servers of `node:tls` in the process
 * (2.9.6), and has no way to turn them off. A resumed session carries the
 * certificate, and the verdict on it, from the handshake that it began with,
 * perhaps at a server that trusts other authorities.
 *
 * @module
 */

import type { PeerCertificate } from "./session.ts";

/** How long a verification counts, in milliseconds: as long as the engine says that a session lasts. */
const LIFETIME = 12 * 60 * 60 * 1000;
/** How many are kept. Only certificates of a trusted authority get in. */
const MOST = 10_000;

/** Remembers verifications for a while, the newest ones up to a limit. */
export class VerifiedCertificates {
  readonly #most: number;
  /** Until when each counts, in milliseconds of `Date.now()`; the oldest comes first. */
  readonly #until = new Map<string, number>();

  /** @param most how many are kept */
  constructor(most: number = MOST) {
    this.#most = most;
  }

  /**
   * A full handshake has verified `certificate`.
   *
   * @param trust what it was verified against, as text: with other authorities
   * the verification does not count
   * @param now the time, in milliseconds of `Date.now()`
   */
  add(trust: string, certificate: PeerCertificate, now: number): void {
    const key = keyOf(trust, certificate);
    // Put in again, it is the newest.
    this.#until.delete(key);
    this.#until.set(
      key,
      Math.min(now + LIFETIME, certificate.validto.getTime()),
    );
    if (this.#until.size <= this.#most) return;
    for (const oldest of this.#until.keys()) {
      this.#until.delete(oldest);
      return;
    }
  }

  /** Whether a full handshake has verified `certificate` against `trust`, and that still counts at `now`. */
  has(trust: string, certificate: PeerCertificate, now: number): boolean {
    const key = keyOf(trust, certificate);
    const until = this.#until.get(key);
    if (until !== undefined && now < until) return true;
    this.#until.delete(key);
    return false;
  }
}

function keyOf(trust: string, certificate: PeerCertificate): string {
  return `${certificate.fingerprint256} ${trust}`;
}
