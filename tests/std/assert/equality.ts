// Whether two values are the same, in structure or in identity.

import { deepStrictEqual } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import { failure, show } from "./failure.ts";

/** Checks that two values are equal, all the way down. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    // Its message holds the difference, line by line.
    const difference = error instanceof Error ? error.message : String(error);
    throw failure(
      `Values are not equal${msg ? `: ${msg}` : ""}\n${difference}`,
    );
  }
}

/** Checks that two values differ somewhere. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!isDeepStrictEqual(actual, expected)) return;
  throw failure(`Expected a value other than ${show(expected)}`, msg);
}

/** Checks that two values are identical, as `Object.is` has it. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  throw failure(
    `Values are not strictly equal: got ${show(actual)}, expected ${
      show(expected)
    }`,
    msg,
  );
}

/** Checks that two values are not identical. */
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void {
  if (!Object.is(actual, expected)) return;
  throw failure(`Expected another value than ${show(expected)} itself`, msg);
}
