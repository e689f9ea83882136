// What the tests rely on in `@std/assert`, `@std/async` and `@std/net`. The bare
// specifiers name the real packages or the stand-ins: this must pass with both.

import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";
import { deadline, delay } from "@std/async";
import { getAvailablePort } from "@std/net";
import { ok, strictEqual } from "node:assert";

/** Without the assertions under test: `fn` must throw an AssertionError. */
function fails(fn: () => unknown): Error {
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
  }
  ok(thrown instanceof AssertionError, `no AssertionError from ${fn}`);
  strictEqual(thrown.name, "AssertionError");
  return thrown;
}

/** The same for a function that returns a promise. */
async function failsLater(fn: () => Promise<unknown>): Promise<void> {
  const outcome = await fn().then(() => undefined, (error) => error);
  ok(outcome instanceof AssertionError, `no AssertionError from ${fn}`);
}

const throwText = (): never => {
  // deno-lint-ignore no-throw-literal -- what is caught need not be an error
  throw "text";
};

const boom = (): never => {
  throw new RangeError("too far");
};

Deno.test("assert and assertFalse tell true from false", () => {
  for (const value of [true, 1, "a", {}, []]) {
    assert(value);
    fails(() => assertFalse(value));
  }
  for (const value of [false, 0, 0n, "", null, undefined, NaN]) {
    assertFalse(value);
    fails(() => assert(value));
  }
  strictEqual(fails(() => assert(false, "why")).message, "why");
});

Deno.test("assertEquals compares all the way down", () => {
  const equal: [unknown, unknown][] = [
    [1, 1],
    [NaN, NaN],
    [[1, { a: "b" }], [1, { a: "b" }]],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
    [new Set([1, 2]), new Set([2, 1])],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    [new Date(5), new Date(5)],
    [/a/g, /a/g],
  ];
  for (const [a, b] of equal) {
    assertEquals(a, b);
    fails(() => assertNotEquals(a, b));
  }
});

Deno.test("assertEquals sees every difference", () => {
  const different: [unknown, unknown][] = [
    [1, 2],
    [1, "1"],
    [null, undefined],
    [[1, 2], [1, 2, 3]],
    [[1, 2], [2, 1]],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined }, {}],
    [{ a: { b: [1] } }, { a: { b: [2] } }],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 2 }]])],
    [new Set([1, 2]), new Set([1, 3])],
    [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    [new Uint8Array([1]), [1]],
    [new Date(5), new Date(6)],
    [/a/g, /a/],
    [new URL("http://a.example"), new URL("http://b.example")],
    [new TypeError("a"), new RangeError("a")],
    [() => 1, () => 1],
  ];
  for (const [a, b] of different) {
    assertNotEquals(a, b);
    fails(() => assertEquals(a, b));
  }
  ok(fails(() => assertEquals(1, 2, "why")).message.includes("why"));
});

Deno.test("assertStrictEquals asks for the same thing itself", () => {
  const object = {};
  assertStrictEquals(object, object);
  assertStrictEquals(NaN, NaN);
  fails(() => assertStrictEquals({}, {}));
  fails(() => assertStrictEquals(0, -0));
  fails(() => assertStrictEquals(1, "1"));
  assertNotStrictEquals(object, {});
  fails(() => assertNotStrictEquals(object, object));
});

Deno.test("assertExists takes all but undefined and null", () => {
  for (const value of [0, "", false, {}]) assertExists(value);
  fails(() => assertExists(undefined));
  fails(() => assertExists(null));
});

Deno.test("assertInstanceOf follows the class, and its ancestors", () => {
  assertInstanceOf(new TypeError(), TypeError);
  assertInstanceOf(new TypeError(), Error);
  fails(() => assertInstanceOf(new Error(), TypeError));
  fails(() => assertInstanceOf(undefined, Error));
  assertNotInstanceOf(new Error(), TypeError);
  assertNotInstanceOf(null, Error);
  fails(() => assertNotInstanceOf(new TypeError(), Error));
});

Deno.test("the assertions of order follow the operators", () => {
  assertGreater(2, 1);
  fails(() => assertGreater(1, 1));
  assertGreaterOrEqual(1, 1);
  fails(() => assertGreaterOrEqual(0, 1));
  assertLess(1, 2);
  fails(() => assertLess(1, 1));
  assertLessOrEqual(1, 1);
  fails(() => assertLessOrEqual(2, 1));
  fails(() => assertLess(NaN, 1));
});

Deno.test("assertAlmostEquals allows the tolerance and no more", () => {
  assertAlmostEquals(1, 1 + 5e-8);
  fails(() => assertAlmostEquals(1, 1 + 5e-7));
  assertAlmostEquals(1, 1.4, 0.5);
  fails(() => assertAlmostEquals(1, 1.6, 0.5));
  assertAlmostEquals(Infinity, Infinity);
  fails(() => assertAlmostEquals(NaN, 1, 5));
});

Deno.test("the assertions of text find what they are told to", () => {
  assertMatch("abc", /b./);
  fails(() => assertMatch("abc", /x/));
  assertNotMatch("abc", /x/);
  fails(() => assertNotMatch("abc", /b./));
  assertStringIncludes("abc", "bc");
  fails(() => assertStringIncludes("abc", "ac"));
});

Deno.test("assertArrayIncludes wants every item, in any order", () => {
  assertArrayIncludes([1, 2, 3], [3, 1]);
  assertArrayIncludes([{ a: 1 }], [{ a: 1 }]);
  assertArrayIncludes(new Uint8Array([1, 2]), new Uint8Array([2]));
  fails(() => assertArrayIncludes([1, 2], [2, 3]));
  fails(() => assertArrayIncludes([{ a: 1 }], [{ a: 2 }]));
});

Deno.test("assertObjectMatch looks only at what is expected", () => {
  const actual = { a: 1, b: { c: [1, { d: 2, e: 3 }], f: null } };
  assertObjectMatch(actual, {});
  assertObjectMatch(actual, { a: 1 });
  assertObjectMatch(actual, { b: { c: [1, { d: 2 }] } });
  assertObjectMatch(actual, { b: { c: [1] } });
  assertObjectMatch({ m: new Map([[1, 2], [3, 4]]) }, { m: new Map([[3, 4]]) });
  assertObjectMatch({ s: new Set([1, 2]) }, { s: new Set([2]) });
  const circle: Record<string, unknown> = { a: 1 };
  circle.self = circle;
  assertObjectMatch(circle, { self: { self: { a: 1 } } });
  fails(() => assertObjectMatch(actual, { a: 2 }));
  fails(() => assertObjectMatch(actual, { z: undefined, a: 2 }));
  fails(() => assertObjectMatch(actual, { b: { c: [1, { d: 3 }] } }));
  fails(() => assertObjectMatch(actual, { b: { c: [1, { d: 2 }, 3] } }));
  fails(() => assertObjectMatch(actual, { b: { f: {} } }));
  fails(() => assertObjectMatch({ s: new Set([1]) }, { s: new Set([2]) }));
  fails(() => assertObjectMatch(circle, { self: { self: { a: 2 } } }));
});

Deno.test("assertIsError checks class and message", () => {
  const error = new RangeError("too far");
  assertIsError(error);
  assertIsError(error, RangeError, "far");
  assertIsError(error, Error, /^too/);
  fails(() => assertIsError("too far"));
  fails(() => assertIsError(error, TypeError));
  fails(() => assertIsError(error, RangeError, "near"));
  fails(() => assertIsError(error, RangeError, /near/));
});

Deno.test("assertThrows returns what was thrown", () => {
  assertStrictEquals(assertThrows(boom, RangeError, "far").message, "too far");
  assertInstanceOf(assertThrows(boom), RangeError);
  assertInstanceOf(assertThrows(boom, "why"), RangeError);
  assertStrictEquals(assertThrows(throwText), "text");
});

Deno.test("assertThrows fails on no error, and on another one", () => {
  fails(() => assertThrows(() => {}));
  fails(() => assertThrows(() => {}, RangeError));
  fails(() => assertThrows(() => Promise.resolve()));
  fails(() => assertThrows(boom, TypeError));
  fails(() => assertThrows(boom, RangeError, "near"));
  fails(() => assertThrows(throwText, Error));
  ok(fails(() => assertThrows(() => {}, "why")).message.includes("why"));
});

Deno.test("assertRejects resolves to what was rejected with", async () => {
  const reject = (): Promise<never> =>
    Promise.reject(new RangeError("too far"));
  const error = await assertRejects(reject, RangeError, "far");
  assertStrictEquals(error.message, "too far");
  assertInstanceOf(await assertRejects(reject), RangeError);
  assertStrictEquals(await assertRejects(() => Promise.reject(1)), 1);
});

Deno.test("assertRejects fails on no rejection, and on another one", async () => {
  const reject = (): Promise<never> =>
    Promise.reject(new RangeError("too far"));
  await failsLater(() => assertRejects(() => Promise.resolve()));
  await failsLater(() => assertRejects(() => Promise.resolve(), Error));
  await failsLater(() => assertRejects(reject, TypeError));
  await failsLater(() => assertRejects(reject, RangeError, "near"));
  await failsLater(() => assertRejects(() => Promise.reject(1), Error));
  await failsLater(() => assertRejects(boom));
  await failsLater(() => assertRejects(boom, RangeError));
  await failsLater(() =>
    assertRejects((() => undefined) as unknown as () => Promise<void>)
  );
});

Deno.test("fail, unreachable and unimplemented always fail", () => {
  for (const fn of [fail, unreachable, unimplemented]) {
    ok(fails(() => fn("why")).message.includes("why"));
    fails(() => fn());
  }
});

Deno.test("delay resolves after its time", async () => {
  const start = performance.now();
  await delay(5);
  assertGreaterOrEqual(performance.now() - start, 4);
});

Deno.test("delay rejects with the reason of its signal", async () => {
  const controller = new AbortController();
  const early = delay(60_000, { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => early, RangeError, "enough");
  const late = delay(60_000, { signal: controller.signal });
  await assertRejects(() => late, RangeError, "enough");
});

Deno.test("deadline passes on the outcome of the promise", async () => {
  assertStrictEquals(await deadline(Promise.resolve(1), 60_000), 1);
  const late = deadline(Promise.reject(new RangeError("too far")), 60_000);
  await assertRejects(() => late, RangeError, "too far");
});

Deno.test("deadline rejects with a TimeoutError when the time is up", async () => {
  const never = Promise.withResolvers<void>().promise;
  const error = await assertRejects(() => deadline(never, 1), DOMException);
  assertStrictEquals(error.name, "TimeoutError");
});

Deno.test("deadline rejects with the reason of its signal", async () => {
  const never = Promise.withResolvers<void>().promise;
  const controller = new AbortController();
  const { signal } = controller;
  const early = deadline(never, 60_000, { signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(() => early, RangeError, "enough");
  await assertRejects(() => deadline(never, 60_000, { signal }), RangeError);
});

Deno.test("getAvailablePort gives a port that can be listened on", () => {
  const port = getAvailablePort();
  using listener = Deno.listen({ port });
  assertStrictEquals(listener.addr.port, port);
});

Deno.test("getAvailablePort gives the preferred port only when it is free", () => {
  const preferredPort = getAvailablePort();
  assertStrictEquals(getAvailablePort({ preferredPort }), preferredPort);
  using _taken = Deno.listen({ port: preferredPort });
  assertNotEquals(getAvailablePort({ preferredPort }), preferredPort);
});
