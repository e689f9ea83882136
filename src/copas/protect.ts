/**
 * Errors as values, as Lua has them: `pcall`, and functions that are protected.
 *
 * @module
 */

import { type CallHost, pacedCall } from "../core/immediate_call.ts";
import { checkFunction, show } from "../errors/arguments.ts";
import { CopasError, type ErrorCode } from "../errors/errors.ts";

/** What a protected function resolves to. When `code` is there, the call failed. */
export type Protected<T> =
  | [value: T, code?: undefined, error?: undefined]
  | [value: null, code: ErrorCode, error: CopasError];

/** Makes a function that resolves to values where `fn` throws a `CopasError`. Every other error is thrown on. */
export function protect<A extends unknown[], T>(
  scheduler: CallHost,
  fn: (...args: A) => T | Promise<T>,
): (...args: A) => Promise<Protected<Awaited<T>>> {
  return (...args) => pacedCall(scheduler, callProtected(fn, args));
}

async function callProtected<A extends unknown[], T>(
  fn: (...args: A) => T | Promise<T>,
  args: A,
): Promise<Protected<Awaited<T>>> {
  try {
    return [await fn(...args), undefined];
  } catch (error) {
    if (error instanceof CopasError) return [null, error.code, error];
    throw error;
  }
}

/**
 * What `copas.pcall` resolves to: `[value]`; `[null, "closed"]` at the end of a
 * stream; or `[null, code or message, error]` when the function has thrown.
 */
export type Called<T> =
  | [value: Exclude<T, null>]
  | [value: null, message: string, error?: unknown];

/** Calls `fn` and turns whatever it throws into values. */
export function pcall<A extends unknown[], T>(
  scheduler: CallHost,
  fn: (...args: A) => T | PromiseLike<T>,
  args: A,
): Promise<Called<T>> {
  return pacedCall(scheduler, call(fn, args));
}

async function call<A extends unknown[], T>(
  fn: (...args: A) => T | PromiseLike<T>,
  args: A,
): Promise<Called<T>> {
  checkFunction("pcall()", "fn", fn);
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
