// What the patterns give, however the bytes come.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ClosedError, TimeoutError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { pattern, same } from "../fixtures/socket_pair.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";

Deno.test("a line comes without its LF", async () => {
  const { conn, skt } = scripted();
  conn.feed("hello\nworld\n");
  assertEquals(await skt.receive(), "hello");
  assertEquals(await skt.receive("*l"), "world");
});

Deno.test("every CR of a line is dropped, wherever it stands", async () => {
  const { conn, skt } = scripted();
  conn.feed("end\r\n", "\rfirst\n", "mid\rdle\n", "\r\r\n", "a\r", "\r\rb\r\n");
  for (const line of ["end", "first", "middle", "", "ab"]) {
    assertEquals(await skt.receive(), line);
  }
});

Deno.test("an empty line is an empty text, not the end", async () => {
  const { conn, skt } = scripted();
  conn.feed("\n\r\n\n").end();
  for (const line of ["", "", "", null, null]) {
    assertEquals(await skt.receive(), line);
  }
});

Deno.test("a line may come in many reads, cut anywhere", async () => {
  const line = "grüße, 世界 🎉\r\n";
  const whole = bytes(line);
  for (let at = 1; at < whole.length; at++) {
    const { conn, skt } = scripted();
    conn.feed(whole.subarray(0, at), whole.subarray(at));
    assertEquals(await skt.receive(), line.trim());
  }
  const { conn, skt } = scripted();
  conn.feed(...[...whole].map((byte) => [byte]));
  assertEquals(await skt.receive(), line.trim());
});

Deno.test("many lines in one read cost one read", async () => {
  const { conn, skt } = scripted();
  const lines = Array.from({ length: 100 }, (_, i) => `${i}`);
  conn.feed(lines.map((line) => line + "\r\n").join(""));
  for (const line of lines) assertEquals(await skt.receive(), line);
  assertEquals(conn.reads, 1);
});

Deno.test("a longer line than the buffer makes it grow", async () => {
  const { conn, skt } = scripted();
  for (const length of [1023, 1024, 1025, 4096, 70_000, 1024 * 1024]) {
    const line = "x".repeat(length);
    conn.feed(line + "\nnext\n");
    assertEquals(await skt.receive() === line, true, `a line of ${length}`);
    assertEquals(await skt.receive(), "next");
  }
});

Deno.test("text that is not UTF-8 has replacement characters, and the next line is whole", async () => {
  const { conn, skt } = scripted();
  conn.feed([0x61, 0xff, 0x62, 10, 0xc3, 10, 0xe2, 0x82, 13, 10], "ok\n");
  assertEquals(await skt.receive(), "a\ufffdb");
  assertEquals(await skt.receive(), "\ufffd");
  assertEquals(await skt.receive(), "\ufffd");
  assertEquals(await skt.receive(), "ok");
});

Deno.test("a byte order mark is text like any other", async () => {
  const { conn, skt } = scripted();
  conn.feed("\ufeffone\n\ufefftwo\n", "\ufeffthree").end();
  assertEquals(await skt.receive(), "\ufeffone");
  assertEquals(await skt.receive(), "\ufefftwo");
  assertEquals(await skt.receive("*a"), "\ufeffthree");
});

Deno.test("a size gives exactly so many bytes, across reads", async () => {
  const { conn, skt } = scripted();
  conn.feed([1, 2], [3], [4, 5, 6, 7]);
  assertEquals(await skt.receive(1), new Uint8Array([1]));
  assertEquals(await skt.receive(3), new Uint8Array([2, 3, 4]));
  assertEquals(await skt.receive(3), new Uint8Array([5, 6, 7]));
});

Deno.test("sizes from one byte to megabytes come whole and in order", async () => {
  const { conn, skt } = scripted();
  const sizes = [1, 2, 1023, 1024, 1025, 65_535, 65_536, 65_537, 5_000_000, 3];
  const data = pattern(sizes.reduce((sum, size) => sum + size));
  conn.feed(data).end();
  let at = 0;
  for (const size of sizes) {
    const part = await skt.receive(size);
    assertEquals(same(part!, data.subarray(at, at + size)), true, `${size}`);
    at += size;
  }
  assertEquals(await skt.receive(1), null);
});

Deno.test("what a size gave is the caller's own", async () => {
  const { conn, skt } = scripted();
  conn.feed([1, 2, 3, 4]);
  const first = await skt.receive(2) as Uint8Array;
  first.fill(9);
  assertEquals(await skt.receive(2), new Uint8Array([3, 4]));
  conn.feed([5, 6]);
  assertEquals(await skt.receive(2), new Uint8Array([5, 6]));
  assertEquals(first, new Uint8Array([9, 9]));
});

Deno.test("receive fills a whole buffer, across reads, and nothing of it before", async () => {
  const { conn, skt } = scripted();
  const buffer = new Uint8Array(4);
  conn.feed([1, 2, 3]);
  const error = await assertRejects(
    () => skt.receive(buffer, { timeout: 1 }),
    TimeoutError,
  );
  assertEquals(error.partial, new Uint8Array([1, 2, 3]));
  assertEquals(buffer, new Uint8Array(4));
  conn.feed([4, 5], [6]).end();
  assertEquals(await skt.receive(buffer), new Uint8Array([1, 2, 3, 4]));
  assertEquals(buffer, new Uint8Array([1, 2, 3, 4]));
  assertEquals(await skt.receive(buffer.subarray(1, 2)), new Uint8Array([5]));
  const end = await assertRejects(() => skt.receive(buffer), ClosedError);
  assertStringIncludes(end.message, "after 1 bytes of 4 bytes");
  assertEquals(buffer, new Uint8Array([1, 5, 3, 4]));
});

Deno.test("receive(0) waits until there is something, and takes nothing", async () => {
  const { conn, skt } = scripted();
  let done = false;
  const empty = skt.receive(0).then((data) => {
    done = true;
    return data;
  });
  conn.feed([]); // a read of 0 bytes is not the end
  await turn();
  assertEquals(done, false);
  conn.feed("x");
  assertEquals(await empty, new Uint8Array(0));
  assertEquals(await skt.receive(0), new Uint8Array(0));
  assertEquals(await skt.receive(1), bytes("x"));
  conn.end();
  assertEquals(await skt.receive(0), null);
});

Deno.test('"*a" gives all up to the end, as it came', async () => {
  const { conn, skt } = scripted();
  conn.feed("one\r\ntwo\rthree", "\n", "vier ü").end();
  assertEquals(await skt.receive("*a"), "one\r\ntwo\rthree\nvier ü");
});

Deno.test('"*a" is an empty text when there is nothing, and again', async () => {
  const { conn, skt } = scripted();
  conn.end();
  assertEquals(await skt.receive("*a"), "");
  assertEquals(await skt.receive("*a"), "");
  assertEquals(await skt.receive(), null);
});

Deno.test('"*a" gives the rest when the end comes in a later read', async () => {
  const { conn, skt } = scripted();
  const rest = skt.receive("*a");
  conn.feed("data");
  await turn();
  conn.end();
  assertEquals(await rest, "data");
});

Deno.test('"*a" takes megabytes in small reads', async () => {
  const { conn, skt } = scripted();
  const piece = "0123456789abcdef".repeat(64);
  conn.feed(...Array.from({ length: 3000 }, () => piece)).end();
  const all = await skt.receive("*a");
  assertEquals(all.length, 3000 * 1024);
  assertEquals(all === piece.repeat(3000), true);
});

Deno.test("patterns may be mixed on one socket", async () => {
  const { conn, skt } = scripted();
  conn.feed("SIZE 5\r\nab\ncdrest\nand all").end();
  assertEquals(await skt.receive(), "SIZE 5");
  assertEquals(text(await skt.receive(5)), "ab\ncd");
  assertEquals(await skt.receive(), "rest");
  assertEquals(await skt.receivepartial(3), bytes("and"));
  assertEquals(await skt.receive("*a"), " all");
});

Deno.test("the end at a message boundary is null, for every pattern and ever after", async () => {
  const { conn, skt } = scripted();
  conn.feed("line\n").end();
  assertEquals(await skt.receive(), "line");
  for (let again = 0; again < 2; again++) {
    assertEquals(await skt.receive(), null);
    assertEquals(await skt.receive(4), null);
    assertEquals(await skt.receivepartial(), null);
    assertEquals(await skt.receivepartial(4), null);
    assertEquals(await skt.receivepartial("*a"), null);
  }
});

Deno.test("the end in the middle of a line is an error that has what came, bytes as they were", async () => {
  const { conn, skt } = scripted();
  conn.feed("whole\ncut\r", [0xff]).end();
  assertEquals(await skt.receive(), "whole");
  const error = await assertRejects(() => skt.receive(), ClosedError);
  assertEquals(error.partial, bytes("cut\r", [0xff]));
  assertEquals(error.code, "closed");
  assertEquals(await skt.receive(), null);
});

Deno.test("the end in the middle of a size is an error that has what came", async () => {
  const { conn, skt } = scripted();
  conn.feed("abc").end();
  const error = await assertRejects(() => skt.receive(4), ClosedError);
  assertEquals(error.partial, bytes("abc"));
  assertEquals(
    error.message,
    "Cannot receive from tcp{client}: 192.0.2.2:2222: " +
      "the peer closed the connection after 3 bytes of 4 bytes",
  );
  assertEquals(await skt.receive(4), null);
});

Deno.test("a reset comes after what had arrived before it, and stays", async () => {
  const { conn, skt } = scripted();
  conn.feed("line\npart").fail(new Deno.errors.ConnectionReset("os error 104"));
  assertEquals(await skt.receive(), "line");
  const first = await assertRejects(() => skt.receive(), ClosedError);
  assertEquals(first.partial, bytes("part"));
  assertEquals((first.cause as Error).name, "ConnectionReset");
  const again = await assertRejects(() => skt.receive("*a"), ClosedError);
  assertEquals(again.partial, new Uint8Array(0));
});

Deno.test('a reset is an error for "*a" too: what came is not all', async () => {
  const { conn, skt } = scripted();
  conn.feed("half").fail(new Deno.errors.ConnectionReset("os error 104"));
  const error = await assertRejects(() => skt.receive("*a"), ClosedError);
  assertEquals(error.partial, bytes("half"));
});

Deno.test("a wrong pattern is named, and nothing is read", async () => {
  const { conn, skt } = scripted();
  conn.feed("line\n");
  // deno-lint-ignore no-explicit-any
  const receive = (pattern: any) => skt.receive(pattern);
  for (
    const [wrong, shown] of [["l", '"l"'], ["", '""'], [null, "null"], [
      "5",
      '"5"',
    ], [{ timeout: 1 }, "Object"]] as const
  ) {
    await assertRejects(
      () => receive(wrong),
      TypeError,
      `receive(): the pattern must be "*l", "*a", a number of bytes or a Uint8Array for them, got ${shown}`,
    );
  }
  for (const wrong of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    await assertRejects(
      () => receive(wrong),
      RangeError,
      `receive(): the pattern must be a whole number, 0 or more, got ${wrong}`,
    );
  }
  assertEquals(conn.reads, 0);
  assertEquals(await skt.receive(), "line");
});
