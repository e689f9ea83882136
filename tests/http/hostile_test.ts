// Servers that answer what was not asked for, or without end.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TooLongError } from "../../src/errors/errors.ts";
import { request } from "../../src/http/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { answering, RawServer } from "../fixtures/raw_server.ts";
import { runScript } from "../fixtures/socket_child.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

Deno.test("an answer 101 that was not asked for fails the request, and closes the connection", async () => {
  for (
    const headers of [
      "Connection: Upgrade\r\nUpgrade: x\r\n",
      "",
      "Upgrade: x\r\n",
    ]
  ) {
    let rest: string | undefined;
    await using server = new RawServer(async (peer) => {
      await peer.head();
      await peer.write(
        `HTTP/1.1 101 Switching Protocols\r\n${headers}\r\nhello`,
      );
      rest = await peer.gone();
    });
    const error = await assertRejects(
      () => request(server.url()),
      Deno.errors.InvalidData,
    );
    assert(error.message.includes("changes the protocol"), error.message);
    // The connection is closed soon, by the client.
    await server.ended;
    assertEquals(rest, "");
  }
});

Deno.test("informational answers before the real one are skipped, up to a limit", async () => {
  for (const code of [100, 102, 103]) {
    const one = `HTTP/1.1 ${code} Interim\r\nLink: </x>\r\n\r\n`;
    await using server = answering(one.repeat(3) + OK);
    assertEquals((await request(server.url()))[0], "ok");
    await using endless = answering(one.repeat(1000) + OK);
    await assertRejects(
      () => request(endless.url()),
      Deno.errors.InvalidData,
      "too many interim answers",
    );
  }
});

Deno.test("what is skipped between the chunks of a body is bounded", async () => {
  const filler = "0".repeat(65536);
  for (
    const begin of ["1;x=", "1\r\nx\r\n2;y=", "1\r\nx\r\n", "1\r\nx\r\n0;"]
  ) {
    let written = 0;
    await using server = new RawServer(async (peer) => {
      await peer.head();
      await peer.write(CHUNKED + begin);
      for (; written < 500; written++) await peer.write(filler);
    });
    const error = await assertRejects(
      () => request({ url: server.url(), sink: () => {} }),
      TooLongError,
    );
    assert(error.message.includes("without a byte of the body"), error.message);
    await server.ended;
    assert(written < 500);
  }
});

Deno.test("a long body with extensions at each chunk arrives, also at a slow sink", async () => {
  const count = 20_000;
  await using server = answering(
    CHUNKED + `1;signature=${"s".repeat(80)}\r\nx\r\n`.repeat(count) +
      "0\r\n\r\n",
  );
  let length = 0;
  await request({
    url: server.url(),
    sink: async (chunk) => {
      length += chunk.length;
      await turn();
    },
  });
  assertEquals(length, count);
});

Deno.test("a body that comes in chunks of one byte costs about what it holds", async () => {
  const length = 1024 * 1024;
  const one = "1\r\nx\r\n".repeat(4096);
  const script = `
    import { Collector } from "{src}/requests/content.ts";
    const collector = new Collector();
    for (let i = 0; i < ${length}; i++) {
      await collector.take(new Uint8Array([i]));
    }
    const bytes = collector.bytes();
    if (!bytes.every((byte, i) => byte === (i & 255))) throw new Error("lost");
    gc();
    console.log(Deno.memoryUsage().heapUsed + Deno.memoryUsage().external);
  `;
  const { stdout, stderr } = await runScript(script, [
    "--v8-flags=--expose-gc",
  ]);
  assertEquals(stderr, "");
  assert(Number(stdout) < 32 * length, stdout);
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write(CHUNKED);
    for (let i = 0; i < length / 4096; i++) await peer.write(one);
    await peer.write("0\r\n\r\n");
  });
  assertEquals((await request(server.url()))[0].length, length);
});

Deno.test("a compressed body that yields nothing is refused when it is far longer than maxbody", async () => {
  // The name of a file in a gzip header ends with a NUL, and this one does not.
  const header = Uint8Array.of(0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3);
  const name = new Uint8Array(65536).fill(65);
  let written = 0;
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
    await peer.write(header);
    for (; written < 50_000_000; written += name.length) await peer.write(name);
  });
  const error = await assertRejects(
    () => request({ url: server.url(), as: "bytes", maxbody: 1000 }),
    TooLongError,
  );
  assert(error.message.includes("1000 bytes"), error.message);
  assert(written < 50_000_000, String(written));
});

Deno.test("a method in small letters is the same as in capitals", async () => {
  await using server = new RawServer(async (peer) => {
    assertEquals((await peer.head()).slice(0, 5), "HEAD ");
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    await peer.gone();
  });
  const url = server.url();
  const [body, code] = await request({ url, method: "head", as: "text" });
  assertEquals([body, code], ["", 200]);
});
