// Whether a function fails, and with what.

import { failure, show } from "./failure.ts";

// deno-lint-ignore no-explicit-any -- a class may take whatever arguments it likes
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Checks that a value is an error, of the class and with the message expected. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  // deno-lint-ignore no-explicit-any -- as above
  ErrorClass?: abstract new (...args: any[]) => E,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw failure(`Expected an Error object, but got ${show(error)}`, msg);
  }
  if (ErrorClass && !(error instanceof ErrorClass)) {
    throw failure(
      `Expected error to be instance of "${ErrorClass.name}", ` +
        `but was "${error.constructor.name}"`,
      msg,
      { cause: error },
    );
  }
  const matches = msgMatches instanceof RegExp
    ? msgMatches.test(error.message)
    : error.message.includes(msgMatches ?? "");
  if (matches) return;
  throw failure(
    `Expected error message to include ${show(msgMatches)}, ` +
      `but got ${show(error.message)}`,
    msg,
    { cause: error },
  );
}

/** Checks that a function throws, and returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Checks that a function throws an error of a class, and returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: abstract new (
    // deno-lint-ignore no-explicit-any -- as above
    ...args: any[]
  ) => E,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const expected = expectation(classOrMsg, msgIncludes, msg);
  try {
    fn();
  } catch (error) {
    return checked(error, expected, "thrown");
  }
  throw failure("Expected function to throw", expected.msg);
}

/** Checks that a promise rejects, and resolves to what it rejected with. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
/** Checks that a promise rejects with an error of a class, and resolves to it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: abstract new (
    // deno-lint-ignore no-explicit-any -- as above
    ...args: any[]
  ) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const expected = expectation(classOrMsg, msgIncludes, msg);
  const promise = started(fn, expected.msg);
  try {
    await promise;
  } catch (error) {
    return checked(error, expected, "rejected");
  }
  throw failure("Expected function to reject", expected.msg);
}

/** Calls `fn`, which must return a promise and must not throw by itself. */
function started(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): PromiseLike<unknown> {
  const what = "Function throws when expected to reject";
  let result: unknown;
  try {
    result = fn();
  } catch (error) {
    throw failure(what, msg, { cause: error });
  }
  const then = (result as PromiseLike<unknown> | undefined | null)?.then;
  if (typeof then !== "function") throw failure(what, msg);
  return result as PromiseLike<unknown>;
}

interface Expectation<E extends Error> {
  class?: ErrorClass<E>;
  includes?: string;
  msg?: string;
}

/** The overloads differ in their second argument. */
function expectation<E extends Error>(
  classOrMsg: ErrorClass<E> | string | undefined,
  includes?: string,
  msg?: string,
): Expectation<E> {
  return typeof classOrMsg === "string"
    ? { msg: classOrMsg }
    : { class: classOrMsg, includes, msg };
}

function checked<E extends Error>(
  error: unknown,
  expected: Expectation<E>,
  how: string,
): unknown {
  if (!expected.class) return error;
  if (!(error instanceof Error)) {
    throw failure(`A non-Error object was ${how}`, expected.msg);
  }
  assertIsError(error, expected.class, expected.includes, expected.msg);
  return error;
}
