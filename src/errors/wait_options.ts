/**
 * How long a call waits: the one place where `{ timeout, signal }` is read.
 *
 * @module
 */

import { checkSeconds, wrongType } from "./arguments.ts";
import { checkKeys } from "./known_keys.ts";

/** How long a call waits; every call that waits takes it. */
export interface WaitOptions {
  /** Seconds until the call fails with a `TimeoutError`. `Infinity` or a negative number: no limit. */
  timeout?: number;
  /** Ends the call with a `CancelledError` when it aborts. */
  signal?: AbortSignal;
}

/** A checked {@linkcode WaitOptions}, as waits take it. */
export interface WaitLimit {
  /** Seconds, never negative. `Infinity`: no limit. */
  readonly timeout: number;
  /** Ends the wait when it aborts. */
  readonly signal?: AbortSignal;
}

const KEYS: readonly string[] = ["timeout", "signal"];

/**
 * Reads the argument of a call that says how long it waits.
 *
 * @param call names the call in the message of an error: `"pop()"`
 * @param given seconds, or an object of options
 * @param usual seconds that hold where `given` names none; negative: no limit
 * @param further the keys of the call's own options beside these
 * @throws {TypeError} when `given` is of the wrong type, or has an unknown key
 * @throws {RangeError} when the timeout is not a number
 */
export function readWaitOptions(
  call: string,
  given: number | WaitOptions | undefined,
  usual: number = Infinity,
  further?: readonly string[],
): WaitLimit {
  let timeout: number | undefined;
  let signal: AbortSignal | undefined;
  if (typeof given === "object") {
    checkWaitOptions(call, given, further);
    ({ timeout, signal } = given);
  } else if (given !== undefined) {
    checkSeconds(call, "the timeout", given);
    timeout = given;
  }
  timeout ??= usual;
  return { timeout: timeout < 0 ? Infinity : timeout, signal };
}

/**
 * Refuses options of a call that waits when they are of the wrong type.
 *
 * @param call names the call in the message of an error: `"pop()"`
 * @param further the keys of the call's own options beside these
 * @throws {TypeError} when they are not an object or have an unknown key,
 * `timeout` is not a number or `signal` is not an `AbortSignal`
 * @throws {RangeError} when `timeout` is `NaN`
 */
export function checkWaitOptions(
  call: string,
  options: unknown,
  further: readonly string[] = [],
): void {
  if (options === undefined) return;
  checkLimits(
    call,
    options,
    further.length === 0 ? KEYS : [...further, ...KEYS],
  );
}

/**
 * Refuses options of a call that can be ended by a signal but has no `timeout`.
 *
 * @param call names the call in the message of an error: `"pause()"`
 * @param further the keys of the call's own options beside `signal`
 * @throws {TypeError} when they are not an object or have an unknown key, or
 * `signal` is not an `AbortSignal`
 */
export function checkSignalOption(
  call: string,
  options: unknown,
  further: readonly string[] = [],
): void {
  if (options !== undefined) checkLimits(call, options, [...further, "signal"]);
}

function checkLimits(
  call: string,
  options: unknown,
  known: readonly string[],
): void {
  checkKeys(call, "the options", options, known);
  const { timeout, signal } = options as {
    timeout?: unknown;
    signal?: unknown;
  };
  if (timeout !== undefined) checkSeconds(call, "the timeout", timeout);
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongType(call, "the signal", "an AbortSignal", signal);
  }
}

/** Why the options of a call can't be used, if they can't. */
export function wrongWaitOptions(call: string, options: unknown): unknown {
  try {
    checkWaitOptions(call, options);
    return undefined;
  } catch (error) {
    return error;
  }
}
