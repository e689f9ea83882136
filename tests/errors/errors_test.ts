// The error classes.

import {
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
} from "@std/assert";
import {
  CancelledError,
  ClosedError,
  CopasError,
  DestroyedError,
  HandshakeError,
  TimeoutError,
  TooLongError,
  TooManyError,
} from "../../src/errors/errors.ts";

Deno.test("each class has its name and its code, and is an Error of Copas", () => {
  const classes = [
    [TimeoutError, "TimeoutError", "timeout"],
    [ClosedError, "ClosedError", "closed"],
    [DestroyedError, "DestroyedError", "destroyed"],
    [TooManyError, "TooManyError", "too many"],
    [CancelledError, "CancelledError", "cancelled"],
    [TooLongError, "TooLongError", "too long"],
    [HandshakeError, "HandshakeError", "handshake"],
  ] as const;
  for (const [Class, name, code] of classes) {
    const cause = new Error("why");
    const error = new Class("what", { cause });
    assertInstanceOf(error, CopasError);
    assertInstanceOf(error, Error);
    assertEquals(
      [error.name, error.code, error.message, error.cause],
      [name, code, "what", cause],
    );
    assertStringIncludes(`${error.stack}`, "errors_test.ts");
  }
});

Deno.test("what was transferred is told only where there is something to tell", () => {
  const partial = new Uint8Array([1, 2]);
  for (const Class of [TimeoutError, ClosedError]) {
    const told = new Class("what", { partial, sent: 0 });
    assertEquals([told.partial, told.sent], [partial, 0]);
    const bare = new Class("what");
    assertEquals([bare.partial, bare.sent], [undefined, undefined]);
  }
});
