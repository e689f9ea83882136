/**
 * How long a call waits: the one place where `{ timeout, signal }` is read.
 *
 * @module
 */

import { checkSeconds, wrongType } from "./arguments.ts";

/** What every call that waits takes. */
export interface WaitOptions {
  /** Seconds until the call gives up with a `TimeoutError`. `Infinity` or a negative number: never. */
  timeout?: number;
  /** Ends the call with a `CancelledError` when it aborts. */
  signal?: AbortSignal;
}

/** The same, checked: what a wait works with. */
export interface WaitLimit {
  /** Seconds; `Infinity` is for ever, and it is never negative. */
  readonly timeout: number;
  /** Ends the wait when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Reads the argument of a call that says how long it waits.
 *
 * @param call names the call in the message of an error: `"pop()"`
 * @param given seconds, or an object of options
 * @param usual seconds that hold where `given` names none; negative: no limit
 * @throws {TypeError} when `given` is of the wrong type
 * @throws {RangeError} when the timeout is not a number
 */
export function readWaitOptions(
  call: string,
  given: number | WaitOptions | undefined,
  usual: number = Infinity,
): WaitLimit {
  let timeout: number | undefined;
  let signal: AbortSignal | undefined;
  if (typeof given === "object") {
    checkWaitOptions(call, given);
    ({ timeout, signal } = given);
  } else if (given !== undefined) {
    checkSeconds(call, "the timeout", given);
    timeout = given;
  }
  timeout ??= usual;
  return { timeout: timeout < 0 ? Infinity : timeout, signal };
}

/** Refuses options of a waiting call that are none, or that hold something wrong. */
export function checkWaitOptions(call: string, options: unknown): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null) {
    throw wrongType(call, "the options", "an object", options);
  }
  const { timeout, signal } = options as {
    timeout?: unknown;
    signal?: unknown;
  };
  if (timeout !== undefined) checkSeconds(call, "the timeout", timeout);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongType(call, "the signal", "an AbortSignal", signal);
  }
}
