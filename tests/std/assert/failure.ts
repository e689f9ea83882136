// The error of a failed assertion, and the assertions that always fail.

import { inspect } from "node:util";

/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** @param message What was expected, and what there was instead. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** Makes the error of a failed assertion: what failed, then the caller's words. */
export function failure(
  what: string,
  msg?: string,
  options?: ErrorOptions,
): AssertionError {
  return new AssertionError(`${what}${msg ? `: ${msg}` : "."}`, options);
}

/** Writes a value for a message. */
export function show(value: unknown): string {
  return inspect(value, { depth: 8 });
}

/** Fails. */
export function fail(msg?: string): never {
  throw failure("Failed assertion", msg);
}

/** Fails, in a place that should never be reached. */
export function unreachable(msg?: string): never {
  throw failure("Unreachable", msg);
}

/** Fails, in a place that is not written yet. */
export function unimplemented(msg?: string): never {
  throw failure("Unimplemented", msg);
}
