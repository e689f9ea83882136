// Connections that are kept for the next request.

import { assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../mod.ts";
import { ClosedError, ScopeError } from "../../src/errors/errors.ts";
import { httpFor } from "../../src/http/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { RawServer } from "../fixtures/raw_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Answers each request of a connection. */
function serving(answer = OK, heads: string[] = []): RawServer {
  return new RawServer(async (peer) => {
    for (let head; (head = await peer.head()) !== "";) {
      heads.push(head);
      await peer.write(answer);
    }
  });
}

/** Until this side can know what a server did before: that it has closed the connection. */
async function heard(): Promise<void> {
  for (let i = 0; i < 3; i++) await turn();
}

Deno.test("a connection is used again, also by another thread", async () => {
  const copas = new Copas();
  await using server = serving();
  using http = httpFor(copas, { keepalive: 10 });
  for (let i = 0; i < 3; i++) {
    copas.addthread(async () => {
      assertEquals((await http.request(server.url()))[0], "ok");
    });
    await copas.loop();
  }
  assertEquals((await http.request(server.url(), "a=b"))[0], "ok");
  assertEquals(server.count, 1);
  await using plain = serving();
  for (let i = 0; i < 2; i++) await httpFor(copas).request(plain.url());
  assertEquals(plain.count, 2);
});

tlsTest(
  "one of TLS is used again, by those that are identified alike",
  async ({ localhost, trust }) => {
    const copas = new Copas();
    const ports = new Set<number>();
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      ...localhost,
    }, (_, { remoteAddr }) => {
      ports.add(remoteAddr.port);
      return new Response("ok");
    });
    using http = httpFor(copas, { keepalive: 10 });
    const url = `https://localhost:${server.addr.port}/`;
    for (let i = 0; i < 3; i++) {
      await http.request({ url, sslparams: { ...trust } });
    }
    assertEquals(ports.size, 3);
    ports.clear();
    const sslparams = trust;
    for (let i = 0; i < 3; i++) await http.request({ url, sslparams });
    assertEquals(ports.size, 1);
    http.close();
  },
);

Deno.test("one that the server has closed is not used, and one that it closes meanwhile is asked again only for what is safe", async () => {
  const copas = new Copas();
  let answers = 0;
  await using server = new RawServer(async (peer) => {
    await peer.head();
    answers++;
    await peer.write(OK);
  });
  using http = httpFor(copas, { keepalive: 10 });
  for (let i = 0; i < 3; i++) {
    await http.request(server.url());
    await server.ended;
    await heard();
    await http.request(server.url(), "a=b");
    await server.ended;
    await heard();
  }
  assertEquals(answers, 6);

  await using late = new RawServer(async (peer, number) => {
    await peer.head();
    await peer.write(OK);
    await peer.head();
    // It hangs up instead of an answer.
    if (number % 2 === 0) await peer.write(OK);
  });
  await http.request(late.url());
  assertEquals((await http.request(late.url()))[0], "ok");
  assertEquals(late.count, 2);
  assertEquals((await http.request(late.url()))[0], "ok");
  await late.ended;
  await heard();
  await http.request(late.url());
  assertEquals(late.count, 3);
  await assertRejects(() => http.request(late.url(), "a=b"), ClosedError);
});

Deno.test("none is kept that has more to say, that either side closes, or whose body was not read", async () => {
  const copas = new Copas();
  using http = httpFor(copas, { keepalive: 10 });
  const answers = [
    OK + OK,
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
  ];
  for (const answer of answers) {
    await using server = serving(answer);
    for (let i = 0; i < 2; i++) await http.request(server.url());
    assertEquals(server.count, 2, answer);
  }
  await using server = serving();
  const headers = { Connection: "close" };
  for (let i = 0; i < 2; i++) {
    await http.request({ url: server.url(), headers });
  }
  assertEquals(server.count, 2);
  await using long = serving(
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789",
  );
  for (let i = 0; i < 2; i++) {
    await assertRejects(() => http.request({ url: long.url(), maxbody: 3 }));
  }
  assertEquals(long.count, 2);
});

Deno.test("loop() does not wait for an idle one", async () => {
  await using server = serving();
  const copas = new Copas();
  using http = httpFor(copas, { keepalive: 3600 });
  await copas.loop(async () => void await http.request(server.url()));
});

Deno.test("an idle one is closed after its time", async () => {
  const copas = new Copas();
  const gone = Promise.withResolvers<void>();
  await using server = new RawServer(async (peer) => {
    await peer.head();
    await peer.write(OK);
    await peer.gone();
    gone.resolve();
  });
  using http = httpFor(copas, { keepalive: 0.02 });
  await copas.loop(async () => void await http.request(server.url()));
  await gone.promise;
});

Deno.test("a redirect over kept connections is held against the scope", async () => {
  const copas = new Copas();
  await using secret = serving();
  using all = httpFor(copas, { keepalive: 10 });
  await all.request(secret.url());
  await using open = serving(
    `HTTP/1.1 302 Found\r\nLocation: ${secret.url()}\r\nContent-Length: 0\r\n\r\n`,
  );
  const view = copas.scoped({ net: [`127.0.0.1:${open.port}`] });
  using http = httpFor(view, { keepalive: 10 });
  await assertRejects(() => http.request(open.url()), ScopeError);
  await assertRejects(() => http.request(secret.url()), ScopeError);
  assertEquals(secret.count, 1);
});
