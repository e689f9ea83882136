// The checks of arguments, and how their messages show a value.

import { assertEquals, assertThrows } from "@std/assert";
import {
  checkDelay,
  checkFunction,
  checkInteger,
  checkPromise,
  checkSeconds,
  checkString,
  outOfRange,
  show,
  wrongType,
} from "../../src/errors/arguments.ts";
import { checkWaitOptions } from "../../src/errors/wait_options.ts";

Deno.test("a value is shown short, and on one line", () => {
  class Point {}
  const shown: [unknown, string][] = [
    [undefined, "undefined"],
    [null, "null"],
    [1.5, "1.5"],
    [-0, "0"],
    [NaN, "NaN"],
    [10n, "10n"],
    [true, "true"],
    [Symbol("s"), "Symbol(s)"],
    ["", '""'],
    ['a"b\nc', '"a\\"b\\nc"'],
    ["x".repeat(100), `"${"x".repeat(40)}…"`],
    [() => {}, "a function"],
    [function named() {}, "function named"],
    [Point, "function Point"],
    [new Point(), "Point"],
    [{}, "Object"],
    [Object.create(null), "an object"],
    [[1, 2, 3], "an array of 3"],
    [new Uint8Array(5), "Uint8Array(5)"],
    [new DataView(new ArrayBuffer(3)), "DataView(3)"],
    [Promise.resolve(), "Promise"],
  ];
  for (const [value, text] of shown) assertEquals(show(value), text);
});

Deno.test("the two kinds of errors have one form", () => {
  const type = wrongType("f()", "the size", "a number", "5");
  assertEquals(
    [type.constructor, type.message],
    [TypeError, 'f(): the size must be a number, got "5"'],
  );
  const range = outOfRange("f()", "the size", "0 or more", -5);
  assertEquals(
    [range.constructor, range.message],
    [RangeError, "f(): the size must be 0 or more, got -5"],
  );
});

/** Checks that `check` takes the good values, and refuses the others with the class told. */
function refuses(
  check: (value: unknown) => void,
  good: unknown[],
  types: unknown[],
  ranges: unknown[] = [],
): void {
  for (const value of good) check(value);
  const message = (value: unknown) => `got ${show(value)}`;
  for (const value of types) {
    assertThrows(() => check(value), TypeError, message(value));
  }
  for (const value of ranges) {
    assertThrows(() => check(value), RangeError, message(value));
  }
}

Deno.test("checkFunction and checkString take only their own kind", () => {
  refuses(
    (value) => checkFunction("f()", "fn", value),
    [() => {}, async () => {}, class {}],
    [undefined, null, {}, "f"],
  );
  refuses(
    (value) => checkString("f()", "the name", value),
    ["", "a"],
    [undefined, null, 5, {}, new String("a")],
  );
});

Deno.test("checkPromise takes promises, and what behaves like one", () => {
  refuses(
    (value) => checkPromise("f()", "the promise", value),
    [Promise.resolve(), { then: () => {} }],
    [undefined, null, 5, {}, { then: 5 }, "then"],
  );
});

Deno.test("seconds may be negative or endless, but are a number", () => {
  refuses(
    (value) => checkSeconds("f()", "the time", value),
    [0, 1.5, -1, Infinity, -Infinity],
    [undefined, null, "5", 5n, {}],
    [NaN],
  );
});

Deno.test("a delay is not negative", () => {
  refuses(
    (value) => checkDelay("f()", "the delay", value),
    [0, 1.5, Infinity],
    [undefined, "5"],
    [NaN, -1, -Infinity],
  );
});

Deno.test("a whole number has its bounds", () => {
  refuses(
    (value) => checkInteger("f()", "the port", value, 0, 65535),
    [0, 80, 65535],
    [undefined, "80", 80n],
    [NaN, 1.5, -1, 65536, Infinity],
  );
  refuses(
    (value) => checkInteger("f()", "the count", value, 1),
    [1, 2 ** 53 - 1],
    ["1"],
    [0, 2 ** 53, Infinity],
  );
});

Deno.test("the options of a wait are none, or an object with a time and a signal", () => {
  const { signal } = new AbortController();
  refuses(
    (value) => checkWaitOptions("f()", value),
    [undefined, {}, { timeout: 1 }, { timeout: -1, signal }, {
      timeout: undefined,
      signal: undefined,
    }],
    [null, 5, "5"],
  );
  for (const timeout of ["1", null]) {
    assertThrows(
      () => checkWaitOptions("f()", { timeout }),
      TypeError,
      `f(): the timeout must be a number of seconds, got ${show(timeout)}`,
    );
  }
  assertThrows(() => checkWaitOptions("f()", { timeout: NaN }), RangeError);
  for (const wrong of [null, {}, new AbortController()]) {
    assertThrows(
      () => checkWaitOptions("f()", { signal: wrong }),
      TypeError,
      `f(): the signal must be an AbortSignal, got ${show(wrong)}`,
    );
  }
});
