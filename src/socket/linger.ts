/**
 * How long a socket that the program has closed may take to write what is left.
 *
 * @module
 */

import { checkDelay, checkFlag } from "../errors/arguments.ts";
import type { Limits } from "./limits.ts";
import type { Timeouts } from "./timeouts.ts";

/** How long a close may take. */
export interface LingerOptions {
  /**
   * How many seconds a socket may take, once it is closed or its handler has
   * ended, to write what was sent. Then the connection is aborted, and the loss
   * reported. `Infinity`: no limit. Default: the send timeout; where there is
   * none, 30.
   */
  linger?: number;
  /**
   * Whether a close also waits for a peer that may begin to send later: that an
   * early answer, such as an error reply before the rest of a request has come,
   * is not lost to a reset. After an answer, the close ends the sending and drops
   * what comes, until the peer's end, 5 seconds of silence, 64 MiB, or `linger`.
   * It makes a connection that serves one line cost a fifth more. Default:
   * `false`, which does the same only where bytes are there that were not
   * received.
   */
  lingeralways?: boolean;
}

/** What a connection is held to. */
export interface ConnectionLimits extends Limits, LingerOptions {}

/** Seconds that a close may take where the program says nothing: a peer that does not read must not hold it for ever. */
const LONGEST_CLOSE = 30;

/**
 * Refuses a time of the wrong type or out of range, and a flag that is not a boolean.
 *
 * @param call names the call in the message of an error
 */
export function checkLinger(
  call: string,
  { linger, lingeralways }: LingerOptions,
): void {
  if (linger !== undefined) checkDelay(call, "linger", linger);
  checkFlag(call, "lingeralways", lingeralways);
}

/** Seconds that a close may take. A send timeout of 0 says that calls don't wait, not that what they sent may be dropped. */
export function lingerOf(
  { linger }: LingerOptions,
  { send }: Timeouts,
): number {
  if (linger !== undefined) return linger;
  return send > 0 && send < Infinity ? send : LONGEST_CLOSE;
}
