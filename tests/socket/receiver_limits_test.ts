// The longest line and the longest body.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TooLongError } from "../../src/errors/errors.ts";
import { bytes, scripted } from "../fixtures/socket_script.ts";

Deno.test("a line may be as long as maxline, its end not counted", async () => {
  const { conn, skt } = scripted({ maxline: 5 });
  conn.feed("12345\n", "12345\r\n", "1234", "5\r", "\n");
  for (let i = 0; i < 3; i++) assertEquals(await skt.receive(), "12345");
});

Deno.test("a longer line is an error, whether its end has come or not", async () => {
  for (const line of ["123456\n", "123456", "123456\r\n", "\r123456"]) {
    const { conn, skt } = scripted({ maxline: 5 });
    conn.feed(line);
    const error = await assertRejects(() => skt.receive(), TooLongError);
    assertEquals(error.code, "too long");
    assertEquals(
      error.message,
      "Cannot receive from tcp{client}: 192.0.2.2:2222: the line is longer than " +
        "5 bytes (maxline); receivepartial() takes what has come, or close the socket",
    );
  }
});

Deno.test("after a line that was too long the socket is usable: nothing was taken", async () => {
  const { conn, skt } = scripted({ maxline: 5 });
  conn.feed("123456");
  await assertRejects(() => skt.receive(), TooLongError);
  await assertRejects(() => skt.receive(), TooLongError);
  assertEquals(await skt.receive(2), bytes("12"));
  conn.feed("\nnext\n");
  assertEquals(await skt.receive(), "3456");
  assertEquals(await skt.receive(), "next");
});

Deno.test("receivepartial takes a line that is too long, as the error says", async () => {
  const { conn, skt } = scripted({ maxline: 5 });
  conn.feed("123456");
  await assertRejects(() => skt.receive(), TooLongError);
  assertEquals(await skt.receivepartial(), "123456");
  conn.feed("789\n");
  assertEquals(await skt.receive(), "789");

  conn.feed("1234567\nnext\n");
  await assertRejects(() => skt.receive(), TooLongError);
  assertEquals(await skt.receivepartial(), "1234567");
  assertEquals(await skt.receive(), "next");
});

Deno.test("a long line is refused before it has come to its end", async () => {
  const { conn, skt } = scripted();
  const piece = "x".repeat(64 * 1024);
  for (let i = 0; i < 40; i++) conn.feed(piece);
  await assertRejects(() => skt.receive(), TooLongError, "1048576 bytes");
  assertEquals(conn.reads * 64 * 1024 < 3 * 1024 * 1024, true, `${conn.reads}`);
});

Deno.test("a body may be as long as maxbody, and no longer", async () => {
  const exact = scripted({ maxbody: 6 });
  exact.conn.feed("123", "456").end();
  assertEquals(await exact.skt.receive("*a"), "123456");

  const { conn, skt } = scripted({ maxbody: 6 });
  conn.feed("123", "4567");
  await assertRejects(
    () => skt.receive("*a"),
    TooLongError,
    "the body is longer than 6 bytes (maxbody)",
  );
  assertEquals(await skt.receivepartial("*a"), "1234567");
  conn.feed("89").end();
  assertEquals(await skt.receive("*a"), "89");
});

Deno.test("a reader that asks for too much does not hold up those behind it", async () => {
  const { conn, skt } = scripted({ maxline: 5 });
  const line = skt.receive();
  const size = skt.receive(6);
  conn.feed("123456");
  await assertRejects(() => line, TooLongError);
  assertEquals(await size, bytes("123456"));
});

Deno.test("a number of bytes that is larger than maxbody is refused, unless the call names a larger max", async () => {
  const { conn, skt } = scripted({ maxline: 5, maxbody: 5 });
  await assertRejects(
    () => skt.receive(10),
    TooLongError,
    "10 bytes are more than 5 (maxbody); receive(size, { max }) takes more",
  );
  await assertRejects(() => skt.receive(10, { max: 9 }), TooLongError);
  await assertRejects(() => scripted().skt.receive(2 ** 30), TooLongError);
  conn.feed("0123456789");
  assertEquals(await skt.receive(10, { max: 10 }), bytes("0123456789"));
});

Deno.test("no limit is Infinity", async () => {
  const { conn, skt } = scripted({ maxline: Infinity });
  const line = "x".repeat(3 * 1024 * 1024);
  conn.feed(line + "\n");
  assertEquals(await skt.receive() === line, true);
});

Deno.test("a wrong limit is named", () => {
  for (
    const [name, value] of [["maxline", 0], ["maxbody", -1], ["maxline", NaN], [
      "maxline",
      1.5,
    ]] as const
  ) {
    assertThrows(
      () => scripted({ [name]: value }),
      RangeError,
      `${name} must be a whole number of bytes, 1 or more, or Infinity, got ${value}`,
    );
  }
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => scripted({ maxline: "5" as any }),
    TypeError,
    'maxline must be a whole number of bytes, 1 or more, or Infinity, got "5"',
  );
});
