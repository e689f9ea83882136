import { assert, assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../mod.ts";
import {
  CopasError,
  HandshakeError,
  TimeoutError,
} from "../../src/errors/errors.ts";
import { httpFor, type HttpParams } from "../../src/http/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { RawServer } from "../fixtures/raw_server.ts";

/** Asks in virtual time; resolves to the error and the seconds that it took. */
async function failing(
  params: HttpParams,
): Promise<[error: CopasError, seconds: number]> {
  const clock = new VirtualClock({ quiet: 0.05 });
  const { request } = httpFor(new Copas({ clock }));
  const error = await assertRejects(() => request(params), CopasError);
  return [error, Math.round(clock.now())];
}

Deno.test("a server that says nothing is given up after 60 seconds", async () => {
  await using server = new RawServer((peer) => peer.gone());
  const [error, seconds] = await failing({ url: server.url("/x") });
  assert(error instanceof TimeoutError);
  assertEquals(seconds, 60);
  assert(error.message.includes(`Cannot GET ${server.url("/x")}: `));
});

Deno.test("a number is the timeout of every phase", async () => {
  await using server = new RawServer((peer) => peer.gone());
  const [error, seconds] = await failing({ url: server.url(), timeout: 7 });
  assert(error instanceof TimeoutError);
  assertEquals(seconds, 7);
});

for (
  const [where, text] of [
    ["in the status line", "HTTP/1.1 2"],
    ["in the headers", "HTTP/1.1 200 OK\r\nA: b\r\n"],
    ["before the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["in the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"],
    [
      "in a chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ["before the end of the stream", "HTTP/1.0 200 OK\r\n\r\nabc"],
  ]
) {
  Deno.test(`a server that stalls ${where} is given up after the receive timeout`, async () => {
    const closed = Promise.withResolvers<void>();
    await using server = new RawServer(async (peer) => {
      await peer.head();
      await peer.write(text);
      await peer.gone();
      closed.resolve();
    });
    const timeout = { connect: 1000, send: 1000, receive: 9 };
    const [error, seconds] = await failing({ url: server.url(), timeout });
    assert(error instanceof TimeoutError, String(error));
    assertEquals(seconds, 9);
    await closed.promise;
  });
}

Deno.test("a server that does not read is given up after the send timeout", async () => {
  const over = Promise.withResolvers<void>();
  await using server = new RawServer(() => over.promise);
  const timeout = { send: 8, receive: 1000 };
  const source = new Uint8Array(32 * 1024 * 1024);
  const url = server.url();
  const [error, seconds] = await failing({
    url,
    method: "POST",
    source,
    timeout,
  });
  assert(error instanceof TimeoutError, String(error));
  assertEquals(seconds, 8);
  over.resolve();
});

Deno.test("a server that does not shake hands is given up after the connect timeout", async () => {
  await using server = new RawServer((peer) => peer.gone());
  const [error, seconds] = await failing({
    url: server.url().replace("http:", "https:"),
    timeout: { connect: 6 },
  });
  assert(error instanceof HandshakeError, String(error));
  assertEquals(seconds, 6);
});

Deno.test("a slow source is not the server's fault", async () => {
  const clock = new VirtualClock({ quiet: 0.05 });
  const copas = new Copas({ clock });
  await using server = new RawServer(async (peer) => {
    await peer.until("0\r\n\r\n");
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  const [, code] = await httpFor(copas).request({
    url: server.url(),
    method: "PUT",
    timeout: 5,
    source: async function* () {
      yield "a";
      await copas.pause(100);
      yield "b";
    }(),
  });
  assertEquals(code, 200);
});

Deno.test("a slow sink is not the server's fault", async () => {
  const clock = new VirtualClock({ quiet: 0.05 });
  const copas = new Copas({ clock });
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    await peer.write("ab");
    await peer.gone();
  });
  const [, code] = await httpFor(copas).request({
    url: server.url(),
    timeout: 500,
    sink: () => copas.pause(100),
  });
  assertEquals(code, 200);
});
