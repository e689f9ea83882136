/**
 * Errors as values, as Lua's `pcall` and Copas's calls have them.
 *
 * @module
 */

import { show } from "../errors/arguments.ts";
import { CopasError } from "../errors/errors.ts";

/**
 * What `copas.pcall` resolves to: `[value]`; `[null, "closed"]` at the end of a
 * stream; or `[null, code or message, error]` when the function has thrown.
 */
export type Called<T> =
  | [value: Exclude<T, null>]
  | [value: null, message: string, error?: unknown];

/** Calls `fn` and turns whatever it throws into values. */
export async function pcall<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  args: A,
): Promise<Called<T>> {
  try {
    const value = await fn(...args);
    return value === null ? [null, "closed"] : [value as Exclude<T, null>];
  } catch (error) {
    return [null, messageOf(error), error];
  }
}

function messageOf(error: unknown): string {
  if (error instanceof CopasError) return error.code;
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : show(error);
}
