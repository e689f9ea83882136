// Limits that change under load, meet each other, or meet TLS and IPv6.

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ServerOptions } from "../../src/server/options.ts";
import type { Server } from "../../src/server/server.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { closeQuietly, readText, write } from "../fixtures/socket_pair.ts";
import { ask, echo, reporting, TestServer } from "../fixtures/socket_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";
import type { Certified } from "../fixtures/certificates.ts";

function handleOf(server: TestServer): Server {
  return server.copas.status().servers[0] as Server;
}

/** What a client sees until its connection ends, be it by a reset. */
async function seenBy(client: Deno.Conn): Promise<string> {
  return await readText(client).catch(() => "");
}

/** A server with TLS, plain clients of it, and the time. */
async function withTls(
  { cert, key }: Certified,
  options: ServerOptions,
  body: (
    handle: Server,
    connect: () => Promise<Deno.TcpConn>,
    clock: VirtualClock,
    reports: readonly { error: unknown }[],
  ) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock({ autojump: false });
  const { copas, reports } = reporting(clock);
  const listener = copas.socket.bind("127.0.0.1", 0);
  const serve = copas.handler(async (skt) => {
    for await (const line of skt) await skt.send(`${line}\n`);
  }, { cert, key });
  const handle = copas.addserver(listener, serve, options);
  const loop = copas.loop();
  const clients: Deno.TcpConn[] = [];
  try {
    await body(
      handle,
      async () => {
        const { port } = listener.addr;
        const client = await Deno.connect({ hostname: "127.0.0.1", port });
        clients.push(client);
        return client;
      },
      clock,
      reports,
    );
  } finally {
    for (const client of clients) closeQuietly(client);
    copas.cancelall();
    await loop;
  }
}

tlsTest(
  "handshaketimeout closes clients that begin no handshake, or drip one, and no other",
  (pki) =>
    withTls(
      pki.localhost,
      { handshaketimeout: 3 },
      async (handle, connect, clock, reports) => {
        const silent = await Promise.all(Array.from({ length: 100 }, connect));
        const drips = await Promise.all(Array.from({ length: 100 }, connect));
        const good = await Deno.startTls(await connect(), {
          hostname: "localhost",
          ...pki.trust,
        });
        assertEquals(await ask(good, "hello"), "hello");
        while (handle.serving < 201) await turn();
        for (const byte of [22, 3]) {
          for (const drip of drips) await drip.write(Uint8Array.of(byte));
          await clock.advance(1.4);
        }
        assertEquals([handle.serving, reports.length], [201, 0]);
        await clock.advance(0.4);
        while (handle.serving > 1) await turn();
        const seen = await Promise.all([...silent, ...drips].map(seenBy));
        assertEquals(new Set(seen), new Set([""]));
        assertEquals(await ask(good, "still"), "still");
        assertEquals(handle.counters.failedHandshakes, 200);
        assertEquals(handle.counters.handlerErrors, 0);
        good.close();
      },
    ),
);

tlsTest(
  "the limits hold for clients of TLS: by address, in number, and in time also in a handshake",
  (pki) =>
    withTls(
      pki.localhost,
      { maxConnections: 60, maxPerAddress: 50, overflow: "no\n", lifetime: 5 },
      async (handle, connect, clock) => {
        const all = await Promise.all(Array.from({ length: 200 }, connect));
        while (handle.counters.accepted < 200) await turn();
        assertEquals(handle.counters.refused, { maxPerAddress: 150 });
        // Plain text would be taken for an answer in the handshake.
        const seen = await Promise.all(all.slice(50).map(seenBy));
        assertEquals(new Set(seen), new Set([""]));
        await clock.advance(5.1);
        while (handle.serving > 0) await turn();
        assertEquals(handle.counters.closed, { lifetime: 50 });
      },
    ),
);

const hasIpv6 = await Deno.connect({ hostname: "::1", port: 1 }).then(
  () => true,
  (error) => error instanceof Deno.errors.ConnectionRefused,
);

Deno.test({
  name: "limits by address hold for floods over IPv6",
  ignore: !hasIpv6,
  async fn() {
    const copas = dispatcher();
    const listener = copas.socket.bind("::1", 0);
    const options = { maxPerAddress: 10, overflow: "no\n" };
    const serve = (conn: Deno.Conn) => echo(conn, copas);
    const handle = copas.addserver(listener, serve, options);
    const loop = copas.loop();
    const { port } = listener.addr;
    const connect = () => Deno.connect({ hostname: "::1", port });
    const all = await Promise.all(Array.from({ length: 200 }, connect));
    while (handle.counters.accepted < 200) await turn();
    assertEquals(handle.counters.refused, { maxPerAddress: 190 });
    const seen = await Promise.all(all.slice(10).map(seenBy));
    assertEquals(new Set(seen), new Set(["no\n"]));
    handle.limits.deny = ["::/64"];
    const denied = await connect();
    assertEquals(await seenBy(denied), "");
    assertEquals(await ask(all[0], "still"), "still");
    for (const client of [...all, denied]) client.close();
    handle.close();
    await loop;
  },
});

Deno.test("maxConnections may be set below what is served: those go on, and none is accepted until there is room", async () => {
  await using server = TestServer.start(echo, { maxConnections: 10 });
  const handle = handleOf(server);
  const all = await Promise.all(
    Array.from({ length: 10 }, () => server.connect()),
  );
  while (handle.serving < 10) await turn();
  handle.limits.maxConnections = 3;
  const late = await server.connect();
  await write(late, "late\n");
  for (const client of all) assertEquals(await ask(client, "on"), "on");
  for (let left = 10; left > 3; left--) {
    assertEquals(handle.counters.accepted, 10);
    all[left - 1].close();
    while (handle.serving >= left) await turn();
  }
  for (let i = 0; i < 10; i++) await turn();
  assertEquals([handle.serving, handle.counters.accepted], [3, 10]);
  all[0].close();
  assertEquals(await readText(late, 5), "late\n");
  assertEquals(handle.serving, 3);
});

Deno.test("a paused server may be drained: it ends, and can't be resumed", async () => {
  await using server = TestServer.start(echo);
  const handle = handleOf(server);
  const client = await server.connect();
  assertEquals(await ask(client, "hello"), "hello");
  handle.pause();
  const waiting = await server.connect();
  const drained = handle.drain({ grace: 5 });
  while (!handle.closed) await turn();
  assertEquals(await seenBy(waiting), "");
  assertEquals(await ask(client, "served"), "served");
  client.close();
  assertEquals(await drained, { served: 1, cut: 0 });
  handle.resume();
  assertEquals(handle.closed, true);
  await assertRejects(() => server.connect(), Deno.errors.ConnectionRefused);
});

Deno.test("a server that is closed while it says its overflow text ends, and the text arrives", async () => {
  await using server = TestServer.start(echo, {
    maxConnections: 1,
    overflow: "busy\n",
  });
  const handle = handleOf(server);
  const first = await server.connect();
  assertEquals(await ask(first, "hello"), "hello");
  const others = await Promise.all(
    Array.from({ length: 50 }, () => server.connect()),
  );
  while (handle.counters.accepted < 51) await turn();
  handle.close();
  first.close();
  await server.ended;
  const seen = await Promise.all(others.map(seenBy));
  assertEquals(new Set(seen), new Set(["busy\n"]));
});

Deno.test("idletimeout leaves a connection on which bytes only go out", async () => {
  const clock = new VirtualClock({ autojump: false });
  await using server = TestServer.start(
    async (conn, copas) => {
      for (;;) {
        await copas.send(conn, "tick\n");
        await copas.pause(4);
      }
    },
    { idletimeout: 10 },
    dispatcher(clock),
  );
  const client = await server.connect();
  for (let i = 0; i < 20; i++) {
    assertEquals(await readText(client, 5), "tick\n");
    await clock.advance(4);
  }
  assertEquals(handleOf(server).counters.closed, {});
});

Deno.test("maxbuffered holds for 2,000 unfinished lines, and a short one is answered beside them", async () => {
  const max = 1024 * 1024;
  const copas = dispatcher(new VirtualClock({ autojump: false }));
  await using server = TestServer.start(echo, { maxbuffered: max }, copas);
  const handle = handleOf(server);
  const part = new Uint8Array(4000).fill(120);
  let most = 0;
  const good = await server.connect();
  for (let i = 0; i < 20; i++) {
    const clients = await Promise.all(
      Array.from({ length: 100 }, () => server.connect()),
    );
    for (const client of clients) await client.write(part);
    most = Math.max(most, handle.buffered);
    assertEquals(await ask(good, "hello"), "hello");
  }
  while (handle.counters.accepted < 2001) await turn();
  // What each may keep in any case: half a kibibyte.
  assert(most <= max + 2001 * 1024, `${most}`);
  assertEquals(await ask(good, "hello"), "hello");
});

Deno.test("two shutdowns at once, and one within a handler, end alike", async () => {
  const copas = dispatcher(new VirtualClock());
  const listener = copas.socket.bind("127.0.0.1", 0);
  const ends: unknown[] = [];
  copas.addserver(listener, async (conn) => {
    await copas.receive(conn);
    ends.push(
      ...await Promise.all([
        copas.shutdown({ grace: 5 }),
        copas.shutdown({ grace: 1 }),
      ]),
    );
  });
  const loop = copas.loop();
  const { port } = listener.addr;
  const [one, idle] = [
    await Deno.connect({ port }),
    await Deno.connect({ port }),
  ];
  await turn();
  await write(one, "end\n");
  await loop;
  one.close();
  idle.close();
  assertEquals(ends.length, 2);
  assertEquals(ends[0], ends[1]);
});
