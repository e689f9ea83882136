// Which of Deno's errors say that a connection is gone.

import { assert, assertEquals, assertFalse } from "@std/assert";
import { closedError, isGone } from "../../src/errors/platform.ts";

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
