/**
 * The limits in time of a connection that is there.
 *
 * @module
 */

import {
  checkDelay,
  checkSeconds,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";

/** The limits in time of a connection that is there. */
export interface WatchLimits {
  /** After so many seconds without a byte in either direction the connection is closed, at the latest an eighth later. Default: no limit. */
  idletimeout?: number;
  /** After so many seconds the connection is closed, whatever it does. Default: no limit. */
  lifetime?: number;
  /**
   * So many bytes a second a peer must bring on the average of five seconds
   * while a receive waits for the rest of what it has begun to send: from its
   * first byte after the last one that was sent to it. Else the connection is
   * closed. An idle connection brings nothing and is not held to it. Default: no limit.
   */
  mininput?: number;
}

/** The names of the limits. */
export const WATCH_KEYS = ["idletimeout", "lifetime", "mininput"] as const;

/** Refuses limits of the wrong type or out of range. */
export function checkWatchLimits(call: string, limits: WatchLimits): void {
  for (const key of WATCH_KEYS) {
    const value: unknown = limits[key];
    if (value === undefined) continue;
    if (key !== "mininput") {
      checkDelay(call, key, value);
      if (value !== 0) continue;
      throw outOfRange(call, key, "a number of seconds above 0", value);
    }
    const expected = "a number of bytes a second, 0 or more";
    if (typeof value !== "number") throw wrongType(call, key, expected, value);
    if (!(value >= 0)) throw outOfRange(call, key, expected, value);
  }
}

/** The seconds of a limit for one socket; `undefined` is no limit. */
export function watchTime(call: string, seconds: number): number | undefined {
  checkSeconds(call, "the time", seconds);
  if (seconds === 0) {
    throw outOfRange(call, "the time", "a number of seconds above 0", seconds);
  }
  return seconds < 0 || seconds === Infinity ? undefined : seconds;
}
