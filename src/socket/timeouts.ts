/**
 * The three timeouts of a socket, and how they are set.
 *
 * @module
 */

import { checkSeconds } from "../arguments.ts";

/** Seconds, `Infinity` for no limit. */
export interface Timeouts {
  /** How long a connect, or a TLS handshake, may take. */
  connect: number;
  /** How long a send may take. */
  send: number;
  /** How long a receive may take. */
  receive: number;
}

/** No limits: how a socket starts. */
export function noTimeouts(): Timeouts {
  return { connect: Infinity, send: Infinity, receive: Infinity };
}

/** Sets all three; nothing or a negative number means no limit. */
export function setTimeout(timeouts: Timeouts, seconds = Infinity): void {
  checkSeconds("settimeout()", "the timeout", seconds);
  timeouts.connect = timeouts.send = timeouts.receive = seconds < 0
    ? Infinity
    : seconds;
}

/** Sets each that is given; a negative number means no limit. All are checked before any is set. */
export function setTimeouts(
  timeouts: Timeouts,
  connect?: number,
  send?: number,
  receive?: number,
): void {
  const given = { connect, send, receive };
  for (const [name, seconds] of Object.entries(given)) {
    if (seconds !== undefined) {
      checkSeconds("settimeouts()", `the ${name} timeout`, seconds);
    }
  }
  for (const [name, seconds] of Object.entries(given)) {
    if (seconds === undefined) continue;
    timeouts[name as keyof Timeouts] = seconds < 0 ? Infinity : seconds;
  }
}
