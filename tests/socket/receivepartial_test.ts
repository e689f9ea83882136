// What receivepartial gives: what there is, but never half a character.

import { assertEquals, assertRejects } from "@std/assert";
import { ClosedError, TimeoutError } from "../../src/errors/errors.ts";
import { bytes, scripted } from "../fixtures/socket_script.ts";

const CHARACTERS = ["é", "€", "世", "🎉", "\u{10ffff}", "\u0800", "\ud7ff"];

Deno.test("receivepartial gives what is there of a line, and the line when it is whole", async () => {
  const { conn, skt } = scripted();
  conn.feed("par", "tial\r\nnext\nrest").end();
  assertEquals(await skt.receivepartial(), "par");
  assertEquals(await skt.receivepartial("*l"), "tial");
  assertEquals(await skt.receivepartial(), "next");
  assertEquals(await skt.receivepartial(), "rest");
  assertEquals(await skt.receivepartial(), null);
});

Deno.test("receivepartial of a size gives at most that many bytes", async () => {
  const { conn, skt } = scripted();
  conn.feed("abcdef", "g").end();
  assertEquals(await skt.receivepartial(4), bytes("abcd"));
  assertEquals(await skt.receivepartial(4), bytes("ef"));
  assertEquals(await skt.receivepartial(1_000_000), bytes("g"));
  assertEquals(await skt.receivepartial(4), null);
});

Deno.test("receivepartial fills a buffer as far as it goes, and gives that part of it", async () => {
  const { conn, skt } = scripted();
  conn.feed("abcdef", "g").end();
  const buffer = new Uint8Array(4);
  const first = await skt.receivepartial(buffer) as Uint8Array;
  assertEquals(first, bytes("abcd"));
  assertEquals(first.buffer, buffer.buffer);
  assertEquals(await skt.receivepartial(buffer), bytes("ef"));
  assertEquals(buffer, bytes("efcd"));
  assertEquals(await skt.receivepartial(buffer.subarray(2)), bytes("g"));
  assertEquals(buffer, bytes("efgd"));
  assertEquals(await skt.receivepartial(buffer), null);
});

Deno.test('receivepartial("*a") gives all that is there, line ends and all', async () => {
  const { conn, skt } = scripted();
  conn.feed("one\r\ntwo\n", "three").end();
  assertEquals(await skt.receivepartial("*a"), "one\r\ntwo\n");
  assertEquals(await skt.receivepartial("*a"), "three");
  assertEquals(await skt.receivepartial("*a"), null);
});

Deno.test("receivepartial never cuts a character, wherever the read ends", async () => {
  for (const pattern of ["*l", "*a"] as const) {
    for (const character of CHARACTERS) {
      const whole = bytes("a", character, "b");
      for (let at = 1; at < whole.length; at++) {
        const { conn, skt } = scripted();
        conn.feed(whole.subarray(0, at), whole.subarray(at)).end();
        const pieces: string[] = [];
        for (let piece; (piece = await skt.receivepartial(pattern)) !== null;) {
          pieces.push(piece);
        }
        assertEquals(
          pieces,
          at === whole.length - 1
            ? [`a${character}`, "b"]
            : ["a", `${character}b`],
        );
      }
    }
  }
});

Deno.test("receivepartial waits for the rest of a character, and leaves its bytes when it gives up", async () => {
  const { conn, skt } = scripted();
  conn.feed([0xf0, 0x9f]);
  const error = await assertRejects(
    () => skt.receivepartial("*a", { timeout: 1 }),
    TimeoutError,
  );
  assertEquals(error.partial, new Uint8Array([0xf0, 0x9f]));
  conn.feed([0x8e], [0x89]);
  assertEquals(await skt.receivepartial("*a"), "🎉");
});

Deno.test("receivepartial does not wait for bytes that can't become a character", async () => {
  for (
    const garbage of [
      [0x80],
      [0xc0],
      [0xc1],
      [0xf5],
      [0xff],
      [0xe0, 0x80], // too long a form
      [0xed, 0xa0], // half of a pair
      [0xf0, 0x80],
      [0xf4, 0x90], // beyond the last character
      [0xe2, 0x82, 0xff],
      [0xf0, 0x9f, 0x41],
    ]
  ) {
    const { conn, skt } = scripted();
    conn.feed(garbage);
    const text = await skt.receivepartial("*a", { timeout: 1 });
    assertEquals(
      text,
      new TextDecoder().decode(new Uint8Array(garbage)),
      `${garbage}`,
    );
  }
});

Deno.test("a character that the end cut is a replacement character", async () => {
  const { conn, skt } = scripted();
  conn.feed("a", [0xe2, 0x82]).end();
  assertEquals(await skt.receivepartial(), "a");
  assertEquals(await skt.receivepartial(), "\ufffd");
  assertEquals(await skt.receivepartial(), null);
});

Deno.test("receivepartial gives an empty line, but nothing is no line", async () => {
  const { conn, skt } = scripted();
  conn.feed("\r", "\r", "\n", "\r", "x");
  assertEquals(await skt.receivepartial(), "");
  assertEquals(await skt.receivepartial(), "x");
});

Deno.test("a CR alone is not lost when receivepartial gives up", async () => {
  const { conn, skt } = scripted();
  conn.feed("\r");
  const error = await assertRejects(
    () => skt.receivepartial("*l", { timeout: 1 }),
    TimeoutError,
  );
  assertEquals(error.partial, bytes("\r"));
  assertEquals(await skt.receivepartial(1), bytes("\r"));
});

Deno.test("receivepartial gives what came before a reset", async () => {
  const { conn, skt } = scripted();
  conn.feed("last words").fail(new Deno.errors.ConnectionReset("reset"));
  assertEquals(await skt.receivepartial(), "last words");
  await assertRejects(() => skt.receivepartial(), ClosedError);
});

Deno.test("what is left of a line is received by receive", async () => {
  const { conn, skt } = scripted();
  conn.feed("abc");
  assertEquals(await skt.receivepartial(2), bytes("ab"));
  conn.feed("d\ne");
  assertEquals(await skt.receive(), "cd");
  assertEquals(await skt.receivepartial(), "e");
});

Deno.test("the end of a line that came in parts is no empty line, wherever the reads cut it", async () => {
  for (
    const pieces of [
      ["abc", "\n", "\nd\n"],
      ["abc\r", "\n", "\r\nd\n"],
      ["abc", "\r", "\n\r", "\nd\n"],
      ["a", "bc", "\r\n\nd\n"],
    ]
  ) {
    const { conn, skt } = scripted();
    conn.feed(...pieces).end();
    const got: string[] = [];
    for (let piece; (piece = await skt.receivepartial()) !== null;) {
      got.push(piece);
    }
    assertEquals(got.join("|").replace("a|bc", "abc"), "abc||d");
  }
});

Deno.test("receive gives the rest of a line of which a part was given, be it empty", async () => {
  const { conn, skt } = scripted();
  conn.feed("abc", "\nnext\n");
  assertEquals(await skt.receivepartial(), "abc");
  assertEquals(await skt.receive(), "");
  assertEquals(await skt.receive(), "next");
});
