// Peers and callers that do what they should not: resets in the middle of calls,
// bytes one by one, calls at once and after the end.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  ClosedError,
  CopasError,
  TooLongError,
} from "../../src/errors/errors.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { pattern, tcpPair, write } from "../fixtures/socket_pair.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";

const reset = new Deno.errors.ConnectionReset("Connection reset by peer");

/** Calls that wait for the peer. */
const receiving: Record<string, (skt: StreamSocket) => Promise<unknown>> = {
  "receive *l": (skt) => skt.receive(),
  "receive *a": (skt) => skt.receive("*a"),
  "receive(n)": (skt) => skt.receive(100),
  "receivepartial": (skt) =>
    skt.receivepartial(1).then(() => skt.receivepartial(1)).then(() =>
      skt.receivepartial(1)
    ),
  "receiveuntil": (skt) => skt.receiveuntil("\r\n"),
  "receiveframe": (skt) => skt.receiveframe(),
  // What came before the end can still be seen.
  "peek": (skt) => skt.receive(2).then(() => skt.peek(10)),
  "lines": (skt) => skt.lines().next(),
  "the readable stream": async (skt) => {
    const reader = skt.readable.getReader();
    while (!(await reader.read()).done);
  },
};

for (const [name, call] of Object.entries(receiving)) {
  Deno.test(`a reset in the middle of ${name} is a ClosedError, and close comes to its end`, async () => {
    const { conn, skt } = scripted();
    conn.feed([0, 0]);
    const called = call(skt);
    await turn();
    conn.fail(reset);
    await assertRejects(() => called, ClosedError);
    await assertRejects(() => skt.receive(), ClosedError);
    await skt.close();
    assertEquals(conn.closes, 1);
  });

  Deno.test(`a close in the middle of ${name} is a ClosedError, and so is a call after it`, async () => {
    const { conn, skt } = scripted();
    conn.feed([0, 0]);
    const called = call(skt);
    await turn();
    await Promise.all([skt.close(), assertRejects(() => called, ClosedError)]);
    await assertRejects(() => skt.receive(), ClosedError);
    assertEquals(conn.closes, 1);
  });
}

Deno.test("a reset in the middle of send, flush, shutdown and close is a ClosedError", async () => {
  const calls: ((skt: StreamSocket) => Promise<unknown>)[] = [
    (skt) => skt.send(pattern(500_000)),
    (skt) => skt.flush(),
    (skt) => skt.shutdown("send"),
    (skt) => skt.close(),
  ];
  for (const call of calls) {
    const { conn, skt } = scripted();
    conn.hold();
    await skt.send("x");
    const called = call(skt);
    await turn();
    conn.break(reset);
    const error = await assertRejects(() => called, ClosedError);
    assertEquals(error.cause, reset);
    await skt.close().catch((error) => assertInstanceOf(error, ClosedError));
    assertEquals(conn.closes, 1);
  }
});

Deno.test("bytes one by one give the same as all at once", async () => {
  const data = bytes(
    "line\r\n\0NUL\0\n",
    "lone\rCR\n",
    "\r\n",
    "ünï\n",
    "tail",
  );
  const { conn, skt } = scripted();
  for (const byte of data) conn.feed([byte]);
  conn.end();
  assertEquals(await skt.receive(), "line");
  assertEquals(await skt.receive(), "\0NUL\0");
  assertEquals(await skt.receive(), "loneCR");
  assertEquals(await skt.receive(), "");
  assertEquals(await skt.receive(), "ünï");
  assertEquals(await skt.receive("*a"), "tail");
  assertEquals(await skt.receive(), null);
  await skt.close();
});

Deno.test("sends of nothing send nothing, and are no error", async () => {
  const { conn, skt } = scripted();
  assertEquals(await skt.send(""), 0);
  assertEquals(await skt.send(new Uint8Array()), 0);
  await skt.flush();
  await skt.close();
  assertEquals(conn.writes.length, 0);
});

Deno.test("two threads that receive get their data in the order in which they asked", async () => {
  const { copas, conn, skt } = scripted();
  const got: unknown[] = [];
  copas.addthread(async () => got.push(await skt.receive()));
  copas.addthread(async () => got.push(text(await skt.receive(3))));
  copas.addthread(async () => got.push(await skt.receive("*a")));
  copas.addthread(async () => {
    await copas.pause(1);
    conn.feed("one\ntwothree").end();
  });
  await copas.loop();
  assertEquals(got, ["one", "two", "three"]);
  assertEquals(conn.mostReading, 1);
  await skt.close();
});

Deno.test("a line of 10 MB is refused, and the memory of it is bounded", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const skt = copas.wrap(pair.ours);
  const writing = write(pair.theirs, new Uint8Array(10_000_000).fill(97))
    .catch(() => {});
  const error = await assertRejects(() => skt.receive(), TooLongError);
  assert(error.message.length < 300, error.message);
  skt.abort();
  await writing;
});

Deno.test("sizes that are none are refused at once, and huge ones before memory is taken", async () => {
  const { skt } = scripted();
  for (const size of [-1, NaN, 1.5, Infinity, 1e300]) {
    await assertRejects(() => skt.receive(size), RangeError);
    await assertRejects(() => skt.receivepartial(size), RangeError);
    await assertRejects(() => skt.peek(size), RangeError);
  }
  const before = Deno.memoryUsage().external;
  await assertRejects(() => skt.receive(1e12));
  assert(Deno.memoryUsage().external - before < 10_000_000);
  await skt.close();
});

Deno.test("every call after close fails with a ClosedError, and close stays the same", async () => {
  const { skt } = scripted();
  await Promise.all([skt.close(), skt.close()]);
  await skt.close();
  skt.abort();
  const calls = [
    () => skt.receive(),
    () => skt.receivepartial(),
    () => skt.receiveuntil("x"),
    () => skt.receiveframe(),
    () => skt.sendframe("x"),
    () => skt.peek(1),
    () => skt.send("x"),
    () => skt.flush(),
    () => skt.shutdown(),
    () => skt.connect("127.0.0.1", 1),
    () => skt.dohandshake({}),
  ];
  for (const call of calls) await assertRejects(call, CopasError);
});

Deno.test("half-close both ways: each side still hears the other one, and both ends are found", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const skt = copas.wrap(pair.ours);
  await write(pair.theirs, "question\n");
  await pair.theirs.closeWrite();
  assertEquals(await skt.receive(), "question");
  assertEquals(await skt.receive(), null);
  await skt.send("answer");
  await skt.shutdown("send");
  const into = new Uint8Array(10);
  assertEquals(await pair.theirs.read(into), 6);
  assertEquals(await pair.theirs.read(into), null);
  await assertRejects(() => skt.send("late"), ClosedError);
  await skt.close();
});
