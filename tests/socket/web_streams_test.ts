// A socket as web streams.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { ClosedError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import {
  pattern,
  read,
  readText,
  same,
  tcpPair,
  write,
} from "../fixtures/socket_pair.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";

Deno.test("pipeTo from a socket to itself is an echo, megabytes of it", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const skt = copas.wrap(pair.ours);
  const echo = skt.readable.pipeTo(skt.writable);
  const data = pattern(3 * 1024 * 1024);
  const reading = read(pair.theirs);
  await write(pair.theirs, data);
  await pair.theirs.closeWrite();
  assert(same(await reading, data));
  await echo;
  assertEquals(skt.closed, false); // both directions have ended by themselves
  await skt.close();
});

Deno.test("a file's worth of chunks goes out through pipeTo, and the peer finds the end", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  const chunks = ["one ", bytes("two "), "three"];
  const reading = readText(pair.theirs);
  await ReadableStream.from(chunks).pipeTo(skt.writable);
  assertEquals(await reading, "one two three");
  await write(pair.theirs, "answer\n");
  assertEquals(await skt.receive(), "answer");
  await skt.close();
});

Deno.test("the readable side gives what there is, and then the end", async () => {
  const { conn, skt } = scripted();
  conn.feed("one", "two").end();
  const pieces: string[] = [];
  for await (const piece of skt.readable) pieces.push(text(piece));
  assertEquals(pieces, ["one", "two"]);
});

Deno.test("text goes through the decoders of the platform", async () => {
  const { conn, skt } = scripted();
  const whole = bytes("grüße, 世界");
  conn.feed(whole.subarray(0, 3), whole.subarray(3, 11), whole.subarray(11))
    .end();
  let all = "";
  for await (const piece of skt.readable.pipeThrough(new TextDecoderStream())) {
    all += piece;
  }
  assertEquals(all, "grüße, 世界");
});

Deno.test("nothing is read before the consumer wants it, and nothing ahead", async () => {
  const { conn, skt } = scripted();
  conn.feed("a", "b", "c");
  const reader = skt.readable.getReader();
  await turn();
  assertEquals(conn.reads, 0);
  assertEquals(text((await reader.read()).value), "a");
  await turn();
  assertEquals(conn.reads, 1);
});

Deno.test("the stream goes on where receive stopped, and the other way round", async () => {
  const { conn, skt } = scripted();
  conn.feed("header\nbody", " and more\nlast").end();
  assertEquals(await skt.receive(), "header");
  const reader = skt.readable.getReader();
  assertEquals(text((await reader.read()).value), "body");
  reader.releaseLock();
  assertEquals(await skt.receive(), " and more");
  assertEquals(await skt.receive("*a"), "last");
});

Deno.test("there is one stream a direction", () => {
  const { skt } = scripted();
  assertStrictEquals(skt.readable, skt.readable);
  assertStrictEquals(skt.writable, skt.writable);
});

Deno.test("a writer waits while the peer does not read", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  const writer = skt.writable.getWriter();
  let written = 0;
  const all = (async () => {
    for (let i = 0; i < 20; i++) {
      await writer.write(pattern(50_000));
      written++;
    }
  })();
  for (let i = 0; i < 5; i++) await turn();
  assert(written < 5, `${written} chunks were taken`);
  conn.release();
  await all;
  await writer.close();
  assertEquals([conn.written.length, conn.closeWrites], [1_000_000, 1]);
});

Deno.test("closing the writer shuts the socket down for sending", async () => {
  const { conn, skt } = scripted();
  const writer = skt.writable.getWriter();
  await writer.write("bye");
  await writer.close();
  assertEquals([text(conn.written), conn.closeWrites, conn.closes], [
    "bye",
    1,
    0,
  ]);
  conn.feed("still here\n");
  assertEquals(await skt.receive(), "still here");
});

Deno.test("aborting the writer aborts the connection, and is reported", async () => {
  const { copas, conn, skt } = scripted();
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  conn.hold();
  const writer = skt.writable.getWriter();
  await writer.write("x");
  await writer.abort(new Error("enough"));
  assertEquals([skt.closed, conn.closes], [true, 1]);
  assertEquals(text(conn.written), "");
  await turn();
  assertEquals(errors.length, 1);
  assertInstanceOf(errors[0], ClosedError);
  assertEquals((errors[0].cause as Error).message, "enough");
});

Deno.test("a source that breaks off aborts the connection: a part does not look like the whole", async () => {
  const { copas, conn, skt } = scripted();
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push(error), true);
  const broken = new ReadableStream({
    start(controller) {
      controller.enqueue("half a ");
    },
    pull(controller) {
      controller.error(new Error("the disk is gone"));
    },
  }, { highWaterMark: 0 });
  await assertRejects(
    () => broken.pipeTo(skt.writable),
    Error,
    "the disk is gone",
  );
  assertEquals([conn.closeWrites, conn.closes], [0, 1]);
  assertEquals((errors[0] as Error).message.includes("broke off"), true);
  assertEquals(errors.length, 1);
});

Deno.test("cancelling the readable side closes the socket, also under a read", async () => {
  const { conn, skt } = scripted();
  const reader = skt.readable.getReader();
  const reading = reader.read();
  await turn();
  await reader.cancel();
  assertEquals(await reading, { done: true, value: undefined });
  assertEquals([skt.closed, conn.closes], [true, 1]);
});

Deno.test("closing the socket ends its streams with an error", async () => {
  const { skt } = scripted();
  const reading = skt.readable.getReader().read();
  const writer = skt.writable.getWriter();
  const ended = assertRejects(() => writer.closed, ClosedError);
  await turn();
  await skt.close();
  await assertRejects(() => reading, ClosedError, "the socket is closed");
  await assertRejects(() => writer.write("x"), ClosedError);
  await ended;
});

Deno.test("a reset is an error of the stream, with what came before delivered", async () => {
  const { conn, skt } = scripted();
  conn.feed("data").fail(new Deno.errors.ConnectionReset("reset"));
  const reader = skt.readable.getReader();
  assertEquals(text((await reader.read()).value), "data");
  await assertRejects(() => reader.read(), ClosedError, "reset the connection");
});

Deno.test("a chunk that is no data is an error of the writer", async () => {
  const { skt } = scripted();
  const writer = skt.writable.getWriter();
  writer.closed.catch(() => {});
  await assertRejects(
    // deno-lint-ignore no-explicit-any
    () => writer.write({ json: true } as any),
    TypeError,
    "the data must be a string or a Uint8Array, got Object",
  );
});

Deno.test("a stream between two sockets is a proxy", async () => {
  using inside = await tcpPair();
  using outside = await tcpPair();
  const copas = dispatcher();
  const [a, b] = [copas.wrap(inside.ours), copas.wrap(outside.ours)];
  copas.addthread(() => a.readable.pipeTo(b.writable));
  copas.addthread(() => b.readable.pipeTo(a.writable));
  const loop = copas.loop();
  await write(inside.theirs, "question");
  await inside.theirs.closeWrite();
  assertEquals(await readText(outside.theirs), "question");
  await write(outside.theirs, "answer");
  await outside.theirs.closeWrite();
  assertEquals(await readText(inside.theirs), "answer");
  await loop;
  await Promise.all([a.close(), b.close()]);
});
