/**
 * How long a receive waits, and how much it takes.
 *
 * @module
 */

import { outOfRange, wrongType } from "../errors/arguments.ts";
import { checkWaitOptions, type WaitOptions } from "../errors/wait_options.ts";

/** How long a receive waits, and how much it takes. */
export interface ReceiveOptions extends WaitOptions {
  /** The most bytes that the call takes, in place of the socket's own limit. `Infinity`: no limit. */
  max?: number;
}

/** How `receiveuntil` receives. */
export interface UntilOptions extends ReceiveOptions {
  /** Whether a text that is no UTF-8 is an `EncodingError`. Default: `false`, what is none becomes U+FFFD. */
  fatal?: boolean;
}

/** How the length in front of a frame is written. */
export interface FrameFormat {
  /** How many bytes the length takes. Default: 4. */
  bytes?: 1 | 2 | 4 | 8;
  /** Whether its lowest byte comes first. Default: `false`, as in the protocols of the internet. */
  littleEndian?: boolean;
}

/** How `receiveframe` receives. */
export interface ReceiveFrameOptions extends ReceiveOptions, FrameFormat {}

/** How `sendframe` sends. */
export interface SendFrameOptions extends WaitOptions, FrameFormat {}

/** How `peek` waits. */
export interface PeekOptions extends WaitOptions {
  /** How many bytes must have come, unless the stream ends before. Default: 1. */
  min?: number;
}

/** What the options of a receive may have besides those of a wait. */
const RECEIVE_KEYS: readonly string[] = ["max"];
const KEYS_OF: Record<string, readonly string[]> = {
  "receiveuntil()": ["max", "fatal"],
  "receiveframe()": ["max", "bytes", "littleEndian"],
  "peek()": ["min"],
};
/** The keys of all receives: their options have been checked, call by call, when they are read. */
export const CHECKED_KEYS: readonly string[] = [
  ...RECEIVE_KEYS,
  ...Object.values(KEYS_OF).flat(),
];

/**
 * Refuses options of the wrong type or out of range.
 *
 * @param call names the call in the message of an error
 */
export function checkReceiveOptions(call: string, options: unknown): void {
  checkWaitOptions(call, options, KEYS_OF[call] ?? RECEIVE_KEYS);
  const max: unknown = (options as ReceiveOptions | undefined)?.max;
  if (max === undefined || max === Infinity) return;
  const expected = "a whole number of bytes, 1 or more, or Infinity";
  if (typeof max !== "number") throw wrongType(call, "max", expected, max);
  if (!Number.isSafeInteger(max) || max < 1) {
    throw outOfRange(call, "max", expected, max);
  }
}
