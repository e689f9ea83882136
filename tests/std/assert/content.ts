// Whether a text, an array or an object holds what it should.

import { isDeepStrictEqual } from "node:util";
import { failure, show } from "./failure.ts";

/** An array of a kind, but no string. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** Checks that a text matches a pattern. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (expected.test(actual)) return;
  throw failure(`Expected ${show(actual)} to match ${expected}`, msg);
}

/** Checks that a text does not match a pattern. */
export function assertNotMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (!expected.test(actual)) return;
  throw failure(`Expected ${show(actual)} not to match ${expected}`, msg);
}

/** Checks that a text holds another one. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (actual.includes(expected)) return;
  throw failure(`Expected ${show(actual)} to include ${show(expected)}`, msg);
}

/** Checks that each expected item is, by deep equality, in the array. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const items = Array.from(actual);
  const missing = Array.from(expected)
    .filter((wanted) => !items.some((item) => isDeepStrictEqual(item, wanted)));
  if (missing.length === 0) return;
  throw failure(`Expected ${show(actual)} to include ${show(missing)}`, msg);
}

/** Checks that an object has at least the expected properties, at every depth. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  if (!isObject(actual) || !isObject(expected)) {
    throw new TypeError(
      `assertObjectMatch compares objects, not ${show(actual)} and ${
        show(expected)
      }`,
    );
  }
  if (covers(actual, expected, new Map())) return;
  throw failure(`Expected ${show(actual)} to match ${show(expected)}`, msg);
}

/** Whether `actual` holds all that `expected` has; `seen` ends circles. */
function covers(
  actual: unknown,
  expected: unknown,
  seen: Map<unknown, Set<unknown>>,
): boolean {
  if (!isObject(actual) || !isObject(expected)) {
    return Object.is(actual, expected);
  }
  const against = seen.get(expected) ?? new Set();
  if (against.has(actual)) return true;
  seen.set(expected, against.add(actual));

  if (expected instanceof Map && actual instanceof Map) {
    return [...expected].every(([key, value]) =>
      actual.has(key) && covers(actual.get(key), value, seen)
    );
  }
  if (expected instanceof Set && actual instanceof Set) {
    return [...expected].every((value) =>
      [...actual].some((item) => isDeepStrictEqual(item, value))
    );
  }
  const bothArrays = Array.isArray(actual) && Array.isArray(expected);
  if (!bothArrays && !(isRecord(actual) && isRecord(expected))) {
    return isDeepStrictEqual(actual, expected);
  }
  return Reflect.ownKeys(expected).every((key) => {
    // A longer array covers a shorter one.
    if (bothArrays && key === "length") return true;
    return Object.hasOwn(actual, key) &&
      covers(Reflect.get(actual, key), Reflect.get(expected, key), seen);
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether only the properties of an object count, as they don't for a Date. */
function isRecord(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object Object]";
}
