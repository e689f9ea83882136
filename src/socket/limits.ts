/**
 * The longest line and the longest body that a socket receives.
 *
 * @module
 */

import { outOfRange, wrongType } from "../errors/arguments.ts";
import { TooLongError } from "../errors/errors.ts";

/** The longest line and the longest body that a socket receives. */
export interface Limits {
  /** The longest line, in bytes, without its end. Default: 1 MiB. */
  maxline?: number;
  /** The longest `"*a"`, frame or number of bytes, in bytes. Default: 64 MiB. */
  maxbody?: number;
}

/** The limits of a socket whose program sets none. */
export const DEFAULT_LIMITS: Required<Limits> = {
  maxline: 1024 * 1024,
  maxbody: 64 * 1024 * 1024,
};

/**
 * Refuses limits of the wrong type or out of range.
 *
 * @param call names the call in the message of an error
 */
export function checkLimits(call: string, limits: Limits): void {
  for (const name of ["maxline", "maxbody"] as const) {
    const value: unknown = limits[name];
    if (value === undefined || value === Infinity) continue;
    const expected = "a whole number of bytes, 1 or more, or Infinity";
    if (typeof value !== "number") throw wrongType(call, name, expected, value);
    if (!Number.isSafeInteger(value) || value < 1) {
      throw outOfRange(call, name, expected, value);
    }
  }
}

/** Refuses to wait for more bytes than a body may have: the peer may have chosen the number. */
export function checkCount(
  messagePrefix: string,
  count: number,
  limit: number,
): void {
  if (count <= limit) return;
  throw new TooLongError(
    `${messagePrefix}: ${count} bytes are more than ${limit} (maxbody); ` +
      "receive(size, { max }) takes more",
  );
}

/** The error of a receive that met a limit. `messagePrefix` says what failed, on which socket. */
export function tooLong(
  messagePrefix: string,
  what: "line" | "body",
  limit: number,
): TooLongError {
  return new TooLongError(
    `${messagePrefix}: the ${what} is longer than ${limit} bytes (max${what}); ` +
      "receivepartial() takes what has come, or close the socket",
  );
}
