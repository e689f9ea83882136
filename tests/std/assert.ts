// Stand-in for `@std/assert`, used where JSR can't be reached.
//
// It has the functions that this project's tests use, with the signatures of the
// real ones. Equality is that of `node:assert`, which is a little stricter than
// the real one: -0 is not 0, prototypes must be the same, and so must the
// messages of errors.

export {
  AssertionError,
  fail,
  unimplemented,
  unreachable,
} from "./assert/failure.ts";
export {
  assertEquals,
  assertNotEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "./assert/equality.ts";
export {
  assertArrayIncludes,
  assertMatch,
  assertNotMatch,
  assertObjectMatch,
  assertStringIncludes,
} from "./assert/content.ts";
export {
  assert,
  assertExists,
  assertFalse,
  assertInstanceOf,
  assertNotInstanceOf,
} from "./assert/kind.ts";
export type { Falsy } from "./assert/kind.ts";
export {
  assertAlmostEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "./assert/order.ts";
export { assertIsError, assertRejects, assertThrows } from "./assert/errors.ts";
