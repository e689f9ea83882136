// Limits by address where a proxy is in front: the client's address counts.

import { assertEquals } from "@std/assert";
import type { ServerOptions } from "../../src/server/options.ts";
import type { Server } from "../../src/server/server.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, write } from "../fixtures/socket_pair.ts";
import { ask, echo, TestServer } from "../fixtures/socket_server.ts";

const proxyProtocol = { from: ["127.0.0.1"] };

/** An echo server behind a proxy: this process. */
class Proxied implements AsyncDisposable {
  readonly #server: TestServer;

  constructor(options: ServerOptions, readonly clock = new VirtualClock()) {
    const all = { proxyProtocol, ...options };
    this.#server = TestServer.start(echo, all, dispatcher(clock));
  }

  get handle(): Server {
    return this.#server.copas.status().servers[0] as Server;
  }

  /** Connects for the client at `address`; without one the proxy speaks for itself. */
  async connect(address?: string): Promise<Deno.TcpConn> {
    const conn = await this.#server.connect();
    const family = address?.includes(":") ? "TCP6" : "TCP4";
    const to = address?.includes(":") ? "::1" : "192.0.2.1";
    const addresses = `${family} ${address} ${to} 4711 443`;
    await write(conn, `PROXY ${address ? addresses : "UNKNOWN"}\r\n`);
    return conn;
  }

  /** What clients at these addresses see who say a line, one after the other. */
  async seen(...addresses: (string | undefined)[]): Promise<string[]> {
    const texts: string[] = [];
    for (const address of addresses) {
      const conn = await this.connect(address);
      await write(conn, "hi\n").catch(() => {});
      texts.push(await readText(conn, 3).catch(() => ""));
    }
    return texts;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

Deno.test("maxPerAddress counts the clients behind a proxy, each by its own address", async () => {
  await using server = new Proxied({ maxPerAddress: 2, overflow: "no\n" });
  assertEquals(
    await server.seen("192.0.2.9", "192.0.2.9", "192.0.2.9", "192.0.2.8"),
    ["hi\n", "hi\n", "no\n", "hi\n"],
  );
  // A /64 network is one.
  const [a, b, c] = ["2001:db8::1", "2001:db8::2", "2001:db8::3"];
  assertEquals(await server.seen(a, b, c), ["hi\n", "hi\n", "no\n"]);
  while (server.handle.serving > 5) await turn();
  assertEquals(server.handle.counters.refused, { maxPerAddress: 2 });
  assertEquals(server.handle.counters.handlerErrors, 0);
  for (const { peer, socket } of server.handle.connections()) {
    if (peer.startsWith("192.0.2.9")) socket.close();
  }
  while (server.handle.serving > 3) await turn();
  assertEquals(await server.seen("192.0.2.9"), ["hi\n"]);
});

Deno.test("acceptrate is that of a client behind a proxy", async () => {
  const acceptrate = { rate: 1, burst: 2 };
  const clock = new VirtualClock({ autojump: false });
  await using server = new Proxied({ acceptrate }, clock);
  const [a, b] = ["192.0.2.1", "192.0.2.2"];
  assertEquals(await server.seen(a, a, a, b), ["hi\n", "hi\n", "", "hi\n"]);
  await clock.advance(1);
  assertEquals(await server.seen(a, a), ["hi\n", ""]);
  assertEquals(server.handle.counters.refused, { acceptrate: 2 });
});

Deno.test("allow and deny are about the client, not about its proxy, and change live", async () => {
  const allow = ["192.0.2.0/24"];
  const deny = ["192.0.2.66", "127.0.0.1"];
  await using server = new Proxied({ allow, deny, overflow: "no\n" });
  const { limits, counters } = server.handle;
  assertEquals(
    await server.seen("192.0.2.1", "192.0.2.66", "198.51.100.1"),
    ["hi\n", "", ""],
  );
  // The proxy speaks for itself: it is the client.
  assertEquals(await server.seen(undefined), [""]);
  assertEquals(server.handle.counters.refused, { deny: 2, allow: 1 });
  assertEquals(counters.refused, {});
  limits.allow = ["198.51.100.1", "127.0.0.1"];
  limits.deny = undefined;
  assertEquals(
    await server.seen("192.0.2.1", "198.51.100.1", undefined),
    ["", "hi\n", "hi\n"],
  );
});

Deno.test("a connection that has told no client yet has a place of maxConnections, and none of an address", async () => {
  const options = { maxConnections: 2, maxPerAddress: 1, overflow: "no\n" };
  await using server = new Proxied(options);
  const [first] = [await server.connect("192.0.2.1")];
  assertEquals(await ask(first, "one"), "one");
  assertEquals(await server.seen("192.0.2.1"), ["no\n"]);
  while (server.handle.serving > 1) await turn();
  assertEquals(await server.seen("192.0.2.2", "192.0.2.3"), ["hi\n", "no\n"]);
  assertEquals(server.handle.counters.refused, {
    maxPerAddress: 1,
    maxConnections: 1,
  });
});

Deno.test("without the protocol's proxy, with required: false, the peer's own address counts", async () => {
  const options = { maxPerAddress: 1, overflow: "no\n" };
  await using server = new Proxied({
    ...options,
    proxyProtocol: { from: ["10.0.0.0/8"], required: false },
  });
  assertEquals((await server.seen("192.0.2.1"))[0].length, 3);
  assertEquals(await server.seen("192.0.2.2"), ["no\n"]);
});

Deno.test("clients of a Unix socket have addresses where a proxy tells them", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  const copas = dispatcher();
  const listener = Deno.listen({ transport: "unix", path });
  const handle = copas.addserver(listener, (conn) => echo(conn, copas), {
    maxPerAddress: 1,
    overflow: "no\n",
    proxyProtocol: { from: ["unix"] },
  });
  const loop = copas.loop();
  const texts: string[] = [];
  const conns: Deno.Conn[] = [];
  for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
    const conn = await Deno.connect({ transport: "unix", path });
    conns.push(conn);
    await write(conn, `PROXY TCP4 ${address} 192.0.2.9 1 2\r\nhi\n`);
    texts.push(await readText(conn, 3));
  }
  for (const conn of conns) conn.close();
  handle.close();
  await loop;
  await Deno.remove(folder, { recursive: true });
  assertEquals(texts, ["hi\n", "no\n", "hi\n"]);
});

Deno.test("connections that came before maxPerAddress was set are counted by it", async () => {
  await using server = TestServer.start(echo);
  const handle = server.copas.status().servers[0] as Server;
  const clients = [await server.connect(), await server.connect()];
  for (const client of clients) assertEquals(await ask(client, "a"), "a");
  handle.limits.overflow = "no\n";
  handle.limits.maxPerAddress = 2;
  assertEquals(await readText(await server.connect()).catch(() => ""), "no\n");
  clients[0].close();
  while (handle.serving > 1) await turn();
  assertEquals(await ask(await server.connect(), "b"), "b");
});
