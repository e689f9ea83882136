// The body of an answer as a stream.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { Copas } from "../../mod.ts";
import {
  CancelledError,
  ClosedError,
  TimeoutError,
  TooLongError,
} from "../../src/errors/errors.ts";
import { httpFor, request } from "../../src/http/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { answering, RawServer } from "../fixtures/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\n";

Deno.test("the stream comes with the head, and the body as it is read, with any method", async () => {
  const more = Promise.withResolvers<void>();
  await using server = new RawServer(async (peer) => {
    await peer.until("hello");
    await peer.write(`${OK}Content-Length: 6\r\n\r\nabc`);
    await more.promise;
    await peer.write("def");
    await peer.gone();
  });
  const [body, code, headers, status] = await request({
    url: server.url(),
    method: "POST",
    source: "hello",
    as: "stream",
  });
  const length = headers["content-length"];
  assertEquals([code, length, status], [200, "6", "HTTP/1.1 200 OK"]);
  const reader = body.getReader();
  const text = async () =>
    new TextDecoder().decode((await reader.read()).value);
  assertEquals(await text(), "abc");
  more.resolve();
  assertEquals(await text(), "def");
  assertEquals((await reader.read()).done, true);
});

Deno.test("a stream is decompressed, empty where there is no body, and its connection is kept when it was read", async () => {
  const packed = new Uint8Array(gzipSync("hello"));
  await using server = new RawServer(async (peer) => {
    for (let head; (head = await peer.head()) !== "";) {
      const isHead = head.startsWith("HEAD");
      await peer.write(
        `${OK}Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`,
      );
      if (!isHead) await peer.write(packed);
    }
  });
  using http = httpFor(new Copas(), { keepalive: 10 });
  for (const method of ["GET", "HEAD", "GET"]) {
    const url = server.url();
    const [body] = await http.request({ url, method, as: "stream" });
    const text = await new Response(body).text();
    assertEquals(text, method === "HEAD" ? "" : "hello");
  }
  assertEquals(server.count, 1);
  const onhead = () => false;
  const params = { url: server.url(), onhead, as: "stream" } as const;
  const [unwanted] = await http.request(params);
  assertEquals(await new Response(unwanted).text(), "");
});

Deno.test("the server is not read from faster than the stream", async () => {
  let written = 0;
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write(`${OK}\r\n`);
    for (const chunk = new Uint8Array(65536); written < 4000; written++) {
      await peer.write(chunk);
    }
  });
  const [body] = await request({ url: server.url(), as: "stream" });
  const reader = body.getReader();
  await reader.read();
  // Cancelled, it closes the connection, and what the server still writes fails.
  await reader.cancel();
  await server.ended;
  assert(written < 4000, String(written));
});

Deno.test("what breaks a body is an error of its stream, with the URL", async () => {
  const cut = answering(`${OK}Content-Length: 9\r\n\r\nabc`);
  await using _ = cut;
  const url = cut.url();
  const read = async (more: object, by = request) => {
    const [body] = await by({ url, as: "stream", ...more });
    return await new Response(body).text();
  };
  const closed = await assertRejects(() => read({}), ClosedError);
  assert(closed.message.startsWith(`Cannot GET ${url}: `), closed.message);
  await assertRejects(() => read({ maxbody: 2 }), TooLongError);
  await using stalling = new RawServer(async (peer) => {
    await peer.head();
    await peer.write(`${OK}Content-Length: 9\r\n\r\nabc`);
    await peer.gone();
  });
  const clock = new VirtualClock({ quiet: 0.05 });
  const { request: later } = httpFor(new Copas({ clock }));
  const silent = { url: stalling.url(), timeout: 7 };
  await assertRejects(() => read(silent, later), TimeoutError);
  const controller = new AbortController();
  const { signal } = controller;
  const [body] = await request({ url: stalling.url(), as: "stream", signal });
  const reader = body.getReader();
  await reader.read();
  const next = reader.read();
  controller.abort();
  await assertRejects(() => next, CancelledError, "the signal was aborted");
});
