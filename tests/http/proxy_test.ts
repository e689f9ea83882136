import { assert, assertEquals, assertRejects } from "@std/assert";
import { HandshakeError, TooLongError } from "../../src/errors/errors.ts";
import { ReplyError, request } from "../../src/http/mod.ts";
import { type RawPeer, RawServer } from "../fixtures/raw_server.ts";
import { closeQuietly } from "../fixtures/socket_pair.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Deno.test("a proxy is asked for the whole URL, and gets its own credentials", async () => {
  let head = "";
  await using proxy = new RawServer(async (peer) => {
    head = await peer.head();
    await peer.write(OK);
  });
  const [body] = await request({
    url: "http://somewhere.invalid:81/a?b#c",
    proxy: proxy.url().replace("//", "//me:secret@"),
    sink: () => {},
  });
  assertEquals(body, 1);
  const [first, host] = head.split("\r\n");
  assertEquals(first, "GET http://somewhere.invalid:81/a?b HTTP/1.1");
  assertEquals(host, "Host: somewhere.invalid:81");
  const credentials = `Proxy-Authorization: Basic ${btoa("me:secret")}`;
  assert(head.includes(credentials), head);
});

Deno.test("what is for the proxy gets to it after a redirect as well, and only to it", async () => {
  const heads: string[] = [];
  await using proxy = new RawServer(async (peer, number) => {
    heads.push(await peer.head());
    const found = "HTTP/1.1 302 Found\r\nLocation: http://b.invalid/\r\n";
    await peer.write(number === 1 ? found + "Content-Length: 0\r\n\r\n" : OK);
  });
  const headers = { "Proxy-Authorization": "Bearer mine", Cookie: "a=b" };
  const params = { url: "http://a.invalid/", headers };
  await request({ ...params, proxy: proxy.url() });
  assertEquals(heads.length, 2);
  for (const head of heads) assert(head.includes("Bearer mine"), head);
  assert(!heads[1].includes("a=b"), heads[1]);
  await request({ ...params, url: proxy.url() });
  assert(!heads[2].includes("Bearer"), heads[2]);
});

/** A proxy that connects, whatever it is asked for, to one port. */
function tunnel(heads: string[], port: number): RawServer {
  return new RawServer(async (peer) => {
    heads.push(await peer.head());
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    try {
      await peer.write("HTTP/1.1 200 Connected\r\nX-Proxy: 1\r\n\r\n");
      await Promise.race([pass(peer.conn, server), pass(server, peer.conn)]);
    } finally {
      closeQuietly(server);
    }
  });
}

async function pass(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let n; (n = await from.read(buffer)) !== null;) {
      let rest = buffer.subarray(0, n);
      while (rest.length > 0) rest = rest.subarray(await to.write(rest));
    }
  } catch {
    // One side has gone.
  }
}

tlsTest(
  "https goes through a tunnel, in which the server proves its name",
  async ({ localhost, trust }) => {
    const seen: Headers[] = [];
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      ...localhost,
    }, ({ headers }) => {
      seen.push(headers);
      return new Response("inside");
    });
    const heads: string[] = [];
    await using proxy = tunnel(heads, server.addr.port);
    const params = {
      url: "https://localhost:444/x",
      proxy: proxy.url().replace("//", "//me:secret@"),
      sslparams: trust,
    };
    const [, code] = await request(params);
    assertEquals(code, 200);
    assertEquals(heads[0].split("\r\n").slice(0, 3), [
      "CONNECT localhost:444 HTTP/1.1",
      "Host: localhost:444",
      `Proxy-Authorization: Basic ${btoa("me:secret")}`,
    ]);
    assertEquals(seen[0].get("proxy-authorization"), null);
    await assertRejects(
      () => request({ ...params, url: "https://other.invalid/" }),
      HandshakeError,
    );
  },
);

async function refused(
  answer: (peer: RawPeer) => Promise<void>,
): Promise<Error> {
  await using proxy = new RawServer(async (peer) => {
    await peer.head();
    await answer(peer);
    await peer.gone();
  });
  const proxied = { url: "https://localhost/", proxy: proxy.url() };
  return await assertRejects(() => request(proxied)) as Error;
}

Deno.test("a proxy that does not connect is a ReplyError", async () => {
  const error = await refused((peer) =>
    peer.write("HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
  );
  assert(error instanceof ReplyError, String(error));
  assertEquals(error.reply, 407);
  assert(error.message.includes("407 Who are you"), error.message);
});

Deno.test("a proxy that is none is InvalidData, and one that does not stop is too long", async () => {
  const none = await refused((peer) => peer.write("220 ftp ready\r\n"));
  assert(none instanceof Deno.errors.InvalidData, String(none));
  const endless = await refused(async (peer) => {
    await peer.write("HTTP/1.1 200 OK\r\n");
    for (let i = 0; i < 10_000; i++) await peer.write(`A${i}: b\r\n`);
  });
  assert(endless instanceof TooLongError, String(endless));
});

Deno.test("what a proxy slips in before the handshake is no part of it", async () => {
  const error = await refused((peer) =>
    peer.write("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
  );
  assert(error instanceof HandshakeError, String(error));
});
