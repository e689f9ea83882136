// Copas's errors as values.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  ClosedError,
  type CopasError,
  DestroyedError,
  type ErrorCode,
  HandshakeError,
  ScopeError,
  TimeoutError,
  TooLongError,
  TooManyError,
} from "../../src/errors/errors.ts";
import { virtual } from "../fixtures/virtual.ts";

Deno.test("a protected function resolves to its value", async () => {
  const { copas } = virtual();
  const add = copas.protect((a: number, b: number) => a + b);
  assertEquals(await add(1, 2), [3, undefined]);
  const later = copas.protect(async (value: string | null) => {
    await copas.pause(1);
    return value;
  });
  assertEquals(await later("text"), ["text", undefined]);
  assertEquals(await later(null), [null, undefined]);
});

Deno.test("every error of Copas comes as its code and itself", async () => {
  const { copas } = virtual();
  const errors: [CopasError, ErrorCode][] = [
    [new TimeoutError("x"), "timeout"],
    [new ClosedError("x"), "closed"],
    [new DestroyedError("x"), "destroyed"],
    [new TooManyError("x"), "too many"],
    [new CancelledError("x"), "cancelled"],
    [new TooLongError("x"), "too long"],
    [new ScopeError("x", { address: "127.0.0.1:80" }), "scope"],
    [new HandshakeError("x"), "handshake"],
  ];
  for (const [error, code] of errors) {
    const thrown = copas.protect((): string => {
      throw error;
    });
    assertEquals(await thrown(), [null, code, error]);
    const rejected = copas.protect(() => Promise.reject(error));
    assertEquals(await rejected(), [null, code, error]);
  }
});

Deno.test("every other error is thrown on, the same one", async () => {
  const { copas } = virtual();
  for (
    const error of [new TypeError("no luck"), new Deno.errors.NotFound("x")]
  ) {
    const protectedly = copas.protect(copas.protect(() => {
      throw error;
    }));
    assertEquals(await assertRejects(() => protectedly()), error);
  }
});

Deno.test("a protected function waits like any other, and the outcome narrows", async () => {
  const { copas, clock } = virtual();
  const wait = copas.protect((seconds: number) =>
    copas.wait(new Promise<number>(() => {}), { timeout: seconds })
  );
  const [slept, code, error] = await wait(3);
  if (code) {
    assertEquals([slept, code, error.code], [null, "timeout", "timeout"]);
  } else slept.toFixed(); // a number, and nothing else, for the compiler too
  assertEquals(clock.now(), 3);
  assertThrows(() => copas.protect(5 as never), TypeError);
});

Deno.test("what pcall, a protected function and a race give a removed thread is not lost", async () => {
  const { copas, events } = virtual();
  const task = copas.addthread(async () => {
    try {
      await copas.pauseforever();
    } finally {
      events.push(await copas.pcall(() => 5));
      events.push(await copas.protect(() => 6)());
      events.push(await copas.race(() => [7]));
    }
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals(events, [[5], [6, undefined], 7]);
});
