// SOCKS5, byte for byte, and proxies over TLS.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../mod.ts";
import { ScopeError } from "../../src/errors/errors.ts";
import { httpFor, ReplyError, request } from "../../src/http/mod.ts";
import { type RawPeer, RawServer } from "../fixtures/raw_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function bytes(peer: RawPeer, count: number): Promise<number[]> {
  const into = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const read = await peer.conn.read(into.subarray(at));
    if (read === null) break;
    at += read;
  }
  return [...into];
}

/** Asks for `url` through a proxy that answers with `answers`, one after each of `lengths` bytes. */
async function through(
  url: string,
  user: string,
  lengths: number[],
  answers: number[][],
): Promise<{ got: number[][]; body: string }> {
  const got: number[][] = [];
  await using server = new RawServer(async (peer) => {
    for (const [i, length] of lengths.entries()) {
      got.push(await bytes(peer, length));
      await peer.write(Uint8Array.from(answers[i]));
    }
    await peer.head();
    await peer.write(OK);
  });
  const proxy = `socks5://${user}127.0.0.1:${server.port}`;
  const [body] = await request({ url, proxy, as: "text" });
  return { got, body };
}

const CONNECTED = [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];

Deno.test("a SOCKS5 proxy is told the name or the address, and user and password if it wants them", async () => {
  const name = [..."a.invalid"].map((each) => each.charCodeAt(0));
  const named = await through(
    "http://a.invalid:258/",
    "u:p%41@",
    [4, 6, 16],
    [[5, 2], [1, 0], [5, 0, 0, 3, 1, 120, 0, 80]],
  );
  assertEquals(named.body, "ok");
  assertEquals(named.got, [
    [5, 2, 0, 2],
    [1, 1, 117, 2, 112, 65],
    [5, 1, 0, 3, 9, ...name, 1, 2],
  ]);
  const v6 = await through("http://[2001:db8::1]/", "", [3, 22], [
    [5, 0],
    [5, 0, 0, 4, ...new Array(18).fill(0)],
  ]);
  assertEquals(v6.got[1].slice(3), [
    ...[4, 0x20, 0x01, 0x0d, 0xb8, ...new Array(11).fill(0), 1],
    ...[0, 80],
  ]);
  const v4 = await through("http://192.0.2.7/", "", [3, 10], [
    [5, 0],
    CONNECTED,
  ]);
  assertEquals(v4.got[1], [5, 1, 0, 1, 192, 0, 2, 7, 0, 80]);
});

Deno.test("what a SOCKS5 proxy refuses is a ReplyError, and what is none InvalidData", async () => {
  const asked = (...answers: number[][]) =>
    through("http://192.0.2.7/", "u:s3cret@", [4, 10], answers);
  const refusals: [number[][], string][] = [
    [[[5, 255]], "wants another login"],
    [[[5, 0], [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]], "connection refused"],
    [[[5, 0], [5, 99, 0, 1, 0, 0, 0, 0, 0, 0]], "code 99"],
  ];
  for (const [answers, message] of refusals) {
    const error = await assertRejects(
      () => asked(...answers),
      ReplyError,
      message,
    );
    assert(!Deno.inspect(error).includes("s3cret"));
  }
  const login = await assertRejects(
    () => through("http://192.0.2.7/", "u:s3cret@", [4, 10], [[5, 2], [1, 1]]),
    ReplyError,
    "refuses the login",
  );
  assert(!Deno.inspect(login).includes("s3cret"));
  for (const answer of [[[4, 0]], [[5, 0], [5, 0, 0, 9, 0, 0]]]) {
    await assertRejects(
      () => asked(...answer),
      Deno.errors.InvalidData,
      "does not answer as a SOCKS5 proxy does",
    );
  }
  const long = `u:${"p".repeat(256)}@`;
  await assertRejects(
    () => through("http://x.invalid/", long, [], []),
    TypeError,
    "at most 255 bytes",
  );
});

Deno.test("a SOCKS5 proxy and what it is asked for must both be in the scope", async () => {
  await using server = new RawServer((peer) => peer.gone());
  const proxy = `socks5://127.0.0.1:${server.port}`;
  const ask = (net: string[]) =>
    httpFor(new Copas({ net })).request({ url: "http://10.0.0.1/", proxy });
  await assertRejects(() => ask([`127.0.0.1:${server.port}`]), ScopeError);
  await assertRejects(() => ask(["10.0.0.1:80"]), ScopeError);
  assertEquals(server.count, 0);
});

tlsTest(
  "an https proxy is asked for http over TLS, by its own name",
  async ({ localhost, trust }) => {
    const listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      ...localhost,
    });
    const served = (async () => {
      using conn = await listener.accept();
      const into = new Uint8Array(4096);
      const text = new TextDecoder().decode(
        into.subarray(0, await conn.read(into) ?? 0),
      );
      await conn.write(new TextEncoder().encode(OK));
      return text;
    })();
    const { port } = listener.addr as Deno.NetAddr;
    const proxy = `https://me:secret@localhost:${port}`;
    const params = { proxy, sslparams: trust, as: "text" } as const;
    const url = "http://somewhere.invalid/x";
    assertEquals((await request({ ...params, url }))[0], "ok");
    const head = await served;
    assert(head.startsWith(`GET ${url} HTTP/1.1\r\n`), head);
    assert(head.includes("Proxy-Authorization: Basic "), head);
    listener.close();
  },
);
