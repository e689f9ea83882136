/**
 * Which accepted connections a server serves, and which it refuses, by the
 * address of the peer and by how many there are.
 *
 * @module
 */

import type { Clock } from "../core/clock.ts";
import { clientKey, IpList } from "../net/ip_list.ts";
import { AcceptRates } from "./accept_rate.ts";
import type { ServerLimits } from "./options.ts";

/** The limits by which a connection is refused. */
export type RefusedBy =
  | "deny"
  | "allow"
  | "acceptrate"
  | "maxPerAddress"
  | "maxConnections";

/** Counts connections by address, and decides. */
export class Admission {
  readonly #rates = new AcceptRates();
  /** How many connections each client has that has any. */
  readonly #counts = new Map<string, number>();
  #limits: ServerLimits = {};
  #allow?: IpList;
  #deny?: IpList;
  /** Whether addresses matter at all. */
  #asksAddress = false;

  /** Takes the limits; they are checked. */
  set limits(limits: ServerLimits) {
    const { allow, deny, maxPerAddress, acceptrate } = limits;
    this.#limits = limits;
    this.#allow = allow && new IpList("limits", "allow", allow);
    this.#deny = deny && new IpList("limits", "deny", deny);
    this.#asksAddress = maxPerAddress !== undefined ||
      (allow ?? deny ?? acceptrate) !== undefined;
  }

  /** How many addresses are remembered. */
  get remembered(): number {
    return this.#counts.size + this.#rates.size;
  }

  /**
   * Decides whether a connection is served.
   *
   * @param serving how many count as served already
   * @returns what it is counted under, `""` where addresses are not counted;
   * or, in an object, the limit that refuses it
   */
  admit(
    conn: Deno.Conn,
    serving: number,
    { clock }: { readonly clock: Clock },
  ): string | { by: RefusedBy } {
    const { maxConnections = Infinity, overflow = "wait" } = this.#limits;
    let key = "";
    if (this.#asksAddress) {
      const addr = conn.remoteAddr;
      const address = "hostname" in addr ? addr.hostname : "";
      key = clientKey(address);
      const by = this.#refusedBy(address, key, clock.now());
      if (by !== undefined) return { by };
    }
    // Where they wait, no more is accepted than there is room for.
    if (overflow !== "wait" && serving >= maxConnections) {
      return { by: "maxConnections" };
    }
    if (key === "" || this.#limits.maxPerAddress === undefined) return "";
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return key;
  }

  #refusedBy(address: string, key: string, now: number): RefusedBy | undefined {
    const { acceptrate, maxPerAddress = Infinity } = this.#limits;
    if (this.#deny?.has(address)) return "deny";
    if (this.#allow !== undefined && !this.#allow.has(address)) return "allow";
    if (acceptrate !== undefined && !this.#rates.take(key, now, acceptrate)) {
      return "acceptrate";
    }
    return (this.#counts.get(key) ?? 0) >= maxPerAddress
      ? "maxPerAddress"
      : undefined;
  }

  /** A connection that was counted under `key` has ended. */
  leave(key: string): void {
    if (key === "") return;
    const left = (this.#counts.get(key) ?? 1) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
