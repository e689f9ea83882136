// The error classes, and how Deno's errors become ours.

import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStringIncludes,
} from "@std/assert";
import {
  addressError,
  CancelledError,
  ClosedError,
  closedError,
  CopasError,
  DestroyedError,
  HandshakeError,
  isGone,
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

Deno.test("every way in which a connection can go is a ClosedError that says which", () => {
  const { errors } = Deno;
  const ways: [Error, string][] = [
    [new errors.ConnectionReset("x"), "the peer reset the connection"],
    [new errors.ConnectionAborted("x"), "the connection was aborted"],
    [new errors.BrokenPipe("x"), "the peer closed the connection"],
    [new errors.NotConnected("x"), "the socket is not connected"],
    [new errors.UnexpectedEof("x"), "the peer vanished"],
    [new errors.BadResource("x"), "the socket is closed"],
    [new errors.Interrupted("x"), "the socket is closed"],
  ];
  for (const [cause, why] of ways) {
    assert(isGone(cause));
    const error = closedError("Cannot receive from S", cause, { sent: 5 });
    assertEquals(
      [error.message, error.cause, error.sent, error.code],
      [`Cannot receive from S: ${why}`, cause, 5, "closed"],
    );
  }
  for (
    const other of [new Error("x"), new errors.NotFound("x"), "x", undefined]
  ) {
    assertFalse(isGone(other));
  }
  assertEquals(closedError("No", new Error("odd")).message, "No: odd");
  assertEquals(closedError("No", "text").message, "No: text");
});

Deno.test("an error of an address keeps its class, its code and its cause, and says what would be right", () => {
  const { errors } = Deno;
  const cases: [Error, new (message: string) => Error, string][] = [
    [new errors.AddrInUse("x"), errors.AddrInUse, "choose another port, or 0"],
    [
      new errors.AddrNotAvailable("x"),
      errors.AddrNotAvailable,
      "this machine does not have",
    ],
    [
      new errors.PermissionDenied("x"),
      errors.PermissionDenied,
      "the system does not permit",
    ],
    [
      new errors.ConnectionRefused("x"),
      errors.ConnectionRefused,
      "nothing listens there",
    ],
    [
      new errors.NetworkUnreachable("odd text"),
      errors.NetworkUnreachable,
      "odd text",
    ],
    [new TypeError("odd text"), TypeError, "odd text"],
    [
      new Error("failed to lookup address information: none"),
      errors.NotFound,
      "unknown host",
    ],
  ];
  for (const [cause, Class, text] of cases) {
    const coded = Object.assign(cause, { code: "ECODE" });
    const error = addressError("Cannot connect to", "h:1", coded);
    assertInstanceOf(error, Class);
    assertEquals(error.cause, cause);
    assertEquals((error as { code?: string }).code, "ECODE");
    assert(error.message.startsWith("Cannot connect to h:1: "));
    assertStringIncludes(error.message, text);
  }
  assertEquals(addressError("Cannot", "h:1", "text"), "text");
});

Deno.test("a missing permission comes with the flag that grants it", () => {
  const cause = new Deno.errors.NotCapable("x");
  const net = addressError("Cannot bind", "127.0.0.1:80", cause);
  assertInstanceOf(net, Deno.errors.NotCapable);
  assertStringIncludes(net.message, "--allow-net=127.0.0.1:80");
});
