// What peek tells, and that it takes nothing.

import { assertEquals, assertRejects } from "@std/assert";
import { ClosedError, TimeoutError } from "../../src/errors/errors.ts";
import { bytes, scripted, text } from "../fixtures/socket_script.ts";
import { ask, echo, tlsTest, World } from "../fixtures/tls_world.ts";

Deno.test("peek gives what comes next, at most so much, and takes nothing", async () => {
  const { conn, skt } = scripted();
  conn.feed("GET / HTTP/1.1\r\n");
  assertEquals(text(await skt.peek(3)), "GET");
  assertEquals(text(await skt.peek(100)), "GET / HTTP/1.1\r\n");
  assertEquals(skt.getstats()[0], 0);
  assertEquals(await skt.receive(), "GET / HTTP/1.1");
});

Deno.test("peek waits for as many bytes as min says, or for the end of the stream", async () => {
  const { conn, skt } = scripted();
  conn.feed("ab");
  const error = await assertRejects(
    () => skt.peek(5, { min: 4, timeout: 1 }),
    TimeoutError,
  );
  assertEquals(text(error.partial), "ab");
  conn.feed("cd");
  assertEquals(text(await skt.peek(5, { min: 4 })), "abcd");
  conn.end();
  assertEquals(text(await skt.peek(5, { min: 5 })), "abcd");
  assertEquals(text(await skt.receive(4)), "abcd");
  assertEquals(await skt.peek(1), null);
});

Deno.test("what peek gives is a copy", async () => {
  const { conn, skt } = scripted();
  conn.feed("abc");
  (await skt.peek(3))!.fill(0);
  assertEquals(await skt.receive(3), bytes("abc"));
});

Deno.test("a peek stands in line with the receives", async () => {
  const { conn, skt } = scripted();
  const all = Promise.all([skt.receive(2), skt.peek(2), skt.receive(2)]);
  conn.feed("abcd");
  assertEquals((await all).map(text), ["ab", "cd", "cd"]);
});

Deno.test("a wrong number of bytes is named", async () => {
  const { skt } = scripted();
  await assertRejects(() => skt.peek(0), RangeError, "1 or more, got 0");
  await assertRejects(() => skt.peek(2, { min: 3 }), RangeError, "from 1 to 2");
  // deno-lint-ignore no-explicit-any
  await assertRejects(() => skt.peek("x" as any), TypeError, "the number");
  await skt.close();
  await assertRejects(() => skt.peek(1), ClosedError, "the socket is closed");
});

tlsTest(
  "a server peeks, and TLS and plain text share its port",
  async ({ localhost, trust }) => {
    const world = new World();
    const port = world.servePlain(world.copas.handler(async (skt) => {
      const first = await skt.peek(5);
      if (first![0] === 0x16) await skt.dohandshake(localhost);
      await echo(skt);
    }));
    await world.run(async () => {
      const plain = await world.copas.socket.connect("127.0.0.1", port);
      assertEquals(await ask(plain, "in plain text"), "in plain text");
      await plain.close();
      for (let i = 0; i < 3; i++) {
        const secured = world.client({ ...trust, servername: "localhost" });
        await secured.connect("127.0.0.1", port);
        assertEquals(await ask(secured, "in TLS"), "in TLS");
        assertEquals(secured.getstats().slice(0, 2), [7, 7]);
        await secured.close();
      }
    });
    assertEquals(world.errors, []);
  },
);
