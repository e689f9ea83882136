// Whether a value is true, is there at all, and is of the right class.

import { AssertionError, failure, show } from "./failure.ts";

/** The values that count as false. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

// `any` here and below: a class may take whatever arguments it likes.
// deno-lint-ignore no-explicit-any
type AnyClass<T = any> = abstract new (...args: any[]) => T;

/** Checks that a value counts as true. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Checks that a value counts as false. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

/** Checks that a value is neither `undefined` nor `null`. */
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw failure(`Expected a value, but got ${show(actual)}`, msg);
}

/** Checks that a value is an instance of a class. */
export function assertInstanceOf<T extends AnyClass>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  throw failure(
    `Expected an instance of ${expectedType.name}, but got ${show(actual)}`,
    msg,
  );
}

/** Checks that a value is no instance of a class. */
export function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: AnyClass<T>,
  msg?: string,
): asserts actual is Exclude<A, T> {
  if (!(actual instanceof unexpectedType)) return;
  throw failure(
    `Expected no instance of ${unexpectedType.name}, but got ${show(actual)}`,
    msg,
  );
}
