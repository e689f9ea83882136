// What comes before a delimiter, byte for byte.

import { assertEquals, assertRejects } from "@std/assert";
import { EncodingError } from "../../src/errors/encoding_error.ts";
import {
  ClosedError,
  TimeoutError,
  TooLongError,
} from "../../src/errors/errors.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";

Deno.test("a string delimiter gives text, a Uint8Array gives bytes; neither is part of it", async () => {
  const { conn, skt } = scripted();
  conn.feed("grüße\r\nrecord\0\0rest");
  assertEquals(await skt.receiveuntil("\r\n"), "grüße");
  assertEquals(await skt.receiveuntil(bytes([0])), bytes("record"));
  assertEquals(await skt.receiveuntil(bytes([0])), new Uint8Array(0));
  assertEquals(await skt.receive(4), bytes("rest"));
});

Deno.test("with CRLF a bare CR and a bare LF are part of the text: nothing is smuggled", async () => {
  const { conn, skt } = scripted();
  conn.feed("a\r\rb\n.\nMAIL FROM:<x>\r.\r\n.\r\n");
  assertEquals(await skt.receiveuntil("\r\n"), "a\r\rb\n.\nMAIL FROM:<x>\r.");
  assertEquals(await skt.receiveuntil("\r\n"), ".");
});

Deno.test("a delimiter is found wherever the reads cut it, also one that begins like itself", async () => {
  const whole = bytes("x--", "--a---b", "rest");
  for (let at = 1; at < whole.length; at++) {
    for (let then = at; then < whole.length; then++) {
      const { conn, skt } = scripted();
      conn.feed(whole.subarray(0, at), whole.subarray(at, then));
      conn.feed(whole.subarray(then));
      assertEquals(await skt.receiveuntil("--a-"), "x--");
      assertEquals(await skt.receiveuntil("--b"), "");
      assertEquals(text(await skt.receive(4)), "rest");
    }
  }
});

Deno.test("the end of the stream is null before anything came, and an error in the middle", async () => {
  const { conn, skt } = scripted();
  conn.feed("a;b").end();
  assertEquals(await skt.receiveuntil(";"), "a");
  const error = await assertRejects(() => skt.receiveuntil(";"), ClosedError);
  assertEquals(text(error.partial), "b");
  assertEquals(await skt.receiveuntil(";"), null);
});

Deno.test("a timeout loses nothing", async () => {
  const { conn, skt } = scripted();
  conn.feed("half");
  const error = await assertRejects(
    () => skt.receiveuntil(";", { timeout: 1 }),
    TimeoutError,
  );
  assertEquals(text(error.partial), "half");
  conn.feed("way;");
  assertEquals(await skt.receiveuntil(";"), "halfway");
});

Deno.test("max bounds what comes before the delimiter, whether that has come or not", async () => {
  for (const fed of ["123456", "123456\r\n", "123456\r"]) {
    const { conn, skt } = scripted();
    conn.feed(fed);
    await assertRejects(
      () => skt.receiveuntil("\r\n", { max: 5, timeout: 1 }),
      fed === "123456\r" ? TooLongError : Error,
      fed === "123456" ? "timed out" : "5 bytes (max)",
    );
    assertEquals(text(await skt.receive(6)), "123456");
  }
  const { conn, skt } = scripted({ maxline: 4 });
  conn.feed("1234;12345;");
  assertEquals(await skt.receiveuntil(";"), "1234");
  await assertRejects(() => skt.receiveuntil(";"), TooLongError, "4 bytes");
  assertEquals(await skt.receiveuntil(";", { max: Infinity }), "12345");
});

Deno.test("what is no UTF-8 becomes U+FFFD, or with fatal an EncodingError with the bytes", async () => {
  const { conn, skt } = scripted();
  conn.feed("a", [0xff], "b\n", "a", [0xff], "b\n", "next\n");
  assertEquals(await skt.receiveuntil("\n"), "a\ufffdb");
  const error = await assertRejects(
    () => skt.receiveuntil("\n", { fatal: true }),
    EncodingError,
    "a text of 3 bytes is no UTF-8",
  );
  assertEquals([error.code, error.name], ["encoding", "EncodingError"]);
  assertEquals(error.partial, bytes("a", [0xff], "b"));
  assertEquals(await skt.receiveuntil("\n", { fatal: true }), "next");
});

Deno.test("what is no delimiter is named", async () => {
  const { skt } = scripted();
  // deno-lint-ignore no-explicit-any
  const until = (delimiter: any, options?: any) =>
    skt.receiveuntil(delimiter, options);
  await assertRejects(() => until(""), RangeError, "one byte or more");
  await assertRejects(() => until(10), TypeError, "the delimiter must be");
  await assertRejects(() => until("x", { max: 0 }), RangeError, "1 or more");
  await assertRejects(() => until("x", { max: "1" }), TypeError, "max must be");
  await assertRejects(() => until("x", { fatal: 1 }), TypeError, "a boolean");
  await assertRejects(() => until("x", 5), TypeError, "an object");
});
