// Frames: a length, then so many bytes.

import { assertEquals, assertRejects } from "@std/assert";
import {
  ClosedError,
  TimeoutError,
  TooLongError,
} from "../../src/errors/errors.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";

Deno.test("the length has 1, 2, 4 or 8 bytes, in either order", async () => {
  const headers = [
    [1, false, [3]],
    [2, false, [0, 3]],
    [2, true, [3, 0]],
    [4, false, [0, 0, 0, 3]],
    [4, true, [3, 0, 0, 0]],
    [8, false, [0, 0, 0, 0, 0, 0, 0, 3]],
    [8, true, [3, 0, 0, 0, 0, 0, 0, 0]],
  ] as const;
  for (const [size, littleEndian, header] of headers) {
    const { conn, skt } = scripted();
    const format = { bytes: size, littleEndian };
    assertEquals(await skt.sendframe("€", format), size + 3);
    await skt.flush();
    assertEquals(conn.written, bytes(header, "€"));
    for (const byte of conn.written) conn.feed([byte]);
    assertEquals(text(await skt.receiveframe(format)), "€");
  }
});

Deno.test("four bytes, the highest first, are the default; an empty frame is no end", async () => {
  const { conn, skt } = scripted();
  conn.feed([0, 0, 0, 0], [0, 0, 0, 1, 65]).end();
  assertEquals(await skt.receiveframe(), new Uint8Array(0));
  assertEquals(await skt.receiveframe(), bytes("A"));
  assertEquals(await skt.receiveframe(), null);
});

Deno.test("a timeout in the middle loses nothing, neither of the length nor of the rest", async () => {
  const { conn, skt } = scripted();
  const whole = bytes([0, 0, 0, 4], "data");
  for (const byte of whole) {
    await assertRejects(() => skt.receiveframe({ timeout: 1 }), TimeoutError);
    conn.feed([byte]);
  }
  assertEquals(text(await skt.receiveframe({ timeout: 1 })), "data");
});

Deno.test("a frame that is too long is refused when its length has come, and not taken", async () => {
  const { conn, skt } = scripted({ maxbody: 3 });
  conn.feed([0, 0, 0, 4]);
  await assertRejects(
    () => skt.receiveframe(),
    TooLongError,
    "the frame has 4 bytes, and the most is 3",
  );
  conn.feed("data");
  assertEquals(text(await skt.receiveframe({ max: 4 })), "data");
  conn.feed([255, 255, 255, 255, 255, 255, 255, 255]);
  await assertRejects(
    () => skt.receiveframe({ bytes: 8, max: 2 ** 50 }),
    TooLongError,
    "18446744073709551615 bytes",
  );
});

Deno.test("an end in the middle is an error that has the bytes", async () => {
  const { conn, skt } = scripted();
  conn.feed([0, 0, 0, 4], "da").end();
  const error = await assertRejects(
    () => skt.receiveframe(),
    ClosedError,
    "after 6 bytes of a frame",
  );
  assertEquals(error.partial, bytes([0, 0, 0, 4], "da"));
});

Deno.test("what can't be sent as a frame is named, and nothing is sent", async () => {
  const { conn, skt } = scripted();
  // deno-lint-ignore no-explicit-any
  const send = (data: any, options?: any) => skt.sendframe(data, options);
  const long = "x".repeat(256);
  await assertRejects(
    () => send(long, { bytes: 1 }),
    RangeError,
    "at most 255",
  );
  await assertRejects(
    () => send("x", { bytes: 3 }),
    RangeError,
    "1, 2, 4 or 8",
  );
  await assertRejects(() => send("x", { bytes: "1" }), TypeError, "1, 2, 4");
  await assertRejects(() => send(5), TypeError, "a string or a Uint8Array");
  await assertRejects(() => send("x", { littleEndian: 1 }), TypeError);
  await skt.flush();
  assertEquals(conn.writes, []);
});
