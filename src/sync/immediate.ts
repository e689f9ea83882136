/**
 * The promises of calls that do not wait: what they give is there already, or
 * they fail at once.
 *
 * @module
 */

import { handled } from "../core/handled.ts";
import { CopasError } from "../errors/errors.ts";

/** What a call returns that gives `true` without a wait. One for all calls: the common case makes no promise. */
export const resolvedTrue: Promise<true> = Promise.resolve(true);

/** What a call returns that has waited for 0 seconds. One for all calls, too. */
export const resolvedZero: Promise<number> = Promise.resolve(0);

/**
 * The promise of a call that fails at once.
 *
 * An error of Copas's is the outcome of a wait, which the caller may leave
 * behind without awaiting it. Any other error is a mistake of the caller, such
 * as a wrong argument: when it is not awaited, it ends the process.
 */
export function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(error);
  return error instanceof CopasError ? handled(promise) : promise;
}
