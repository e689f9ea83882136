/**
 * Copas's errors as values, as Lua has them.
 *
 * @module
 */

import { CopasError, type ErrorCode } from "../errors/errors.ts";

/** What a protected function resolves to. When `code` is there, the call failed. */
export type Protected<T> =
  | [value: T, code?: undefined, error?: undefined]
  | [value: null, code: ErrorCode, error: CopasError];

/** Makes a function that resolves to values where `fn` throws a `CopasError`. Every other error is thrown on. */
export function protect<A extends unknown[], T>(
  fn: (...args: A) => T | Promise<T>,
): (...args: A) => Promise<Protected<Awaited<T>>> {
  return async (...args) => {
    try {
      return [await fn(...args), undefined];
    } catch (error) {
      if (error instanceof CopasError) return [null, error.code, error];
      throw error;
    }
  };
}
