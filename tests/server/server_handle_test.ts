// The handle of a registered server: what it tells, and what it can do.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HandshakeError } from "../../src/errors/errors.ts";
import type { Server } from "../../src/server/server.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, write } from "../fixtures/socket_pair.ts";
import { ask, echo, reporting, TestServer } from "../fixtures/socket_server.ts";
import { tlsTest } from "../fixtures/tls_world.ts";

/** The handle of a test's server. */
function handleOf(server: TestServer): Server {
  return server.copas.status().servers[0] as Server;
}

Deno.test("addserver returns the server, which status lists, and the same for the same listener", async () => {
  await using server = TestServer.start(echo, { name: "web" });
  const { copas, listener } = server;
  const again = copas.addserver(listener, (conn) => echo(conn, copas));
  assertEquals(copas.status().servers, [again]);
  assertEquals(again.name, "web");
  assertEquals(again.addr, listener.addr);
  assertEquals([`${again}`, again.closed], ["web: serves 0", false]);
});

Deno.test("connections tells who is there, what came and went, and what the handler waits for", async () => {
  const clock = new VirtualClock({ autojump: false });
  await using server = TestServer.start(
    async (conn, copas) => {
      for (;;) {
        switch (await copas.receive(conn)) {
          case "sleep":
            await copas.send(conn, "good night\n");
            await copas.pause(10);
            break;
          case "outside":
            await copas.send(conn, "wait\n");
            await copas.wait(new Promise(() => {}));
            break;
          case null:
            return;
        }
      }
    },
    { name: "web" },
    dispatcher(clock),
  );
  const handle = handleOf(server);
  const [one, two, three] = [
    await server.connect(),
    await server.connect(),
    await server.connect(),
  ];
  while (handle.serving < 3) await turn();
  await clock.advance(5);
  assertEquals(await ask(one, "sleep"), "good night");
  assertEquals(await ask(two, "outside"), "wait");
  const [a, b, c] = handle.connections();
  assertEquals([a.waitsfor, b.waitsfor, c.waitsfor], [
    "sleep",
    "operation",
    "receive",
  ]);
  const { hostname, port } = three.localAddr as Deno.NetAddr;
  assertEquals(c.peer, `${hostname}:${port}`);
  assertEquals(JSON.parse(JSON.stringify(a)), {
    name: "web:client_1",
    peer: `127.0.0.1:${(one.localAddr as Deno.NetAddr).port}`,
    age: 5,
    received: 6,
    sent: 11,
    waitsfor: "sleep",
  });
});

Deno.test("a connection is closed, or aborted, through the handle", async () => {
  const ends: string[] = [];
  await using server = TestServer.start(async (conn, copas) => {
    try {
      await copas.receive(conn);
    } finally {
      ends.push(copas.getthreadname());
    }
  }, { name: "web" });
  const handle = handleOf(server);
  const clients = [await server.connect(), await server.connect()];
  while (handle.serving < 2) await turn();
  const [one, two] = handle.connections();
  await one.close();
  two.abort();
  assertEquals(await Promise.all(clients.map((c) => readText(c))), ["", ""]);
  while (handle.serving > 0) await turn();
  assertEquals(ends, ["web:handler_1", "web:handler_2"]);
  assertEquals(handle.counters.handlerErrors, 0);
});

Deno.test("the counters tell what was accepted, and which handlers and handshakes failed", async () => {
  const { copas, reports } = reporting();
  await using server = TestServer.start(
    async (conn, copas) => {
      if (await copas.receive(conn) === "fail") throw new Error("on purpose");
    },
    undefined,
    copas,
  );
  for (const word of ["fine\n", "fail\n", ""]) {
    const client = await server.connect();
    await write(client, word);
    await client.closeWrite();
    await readText(client);
  }
  assertEquals(reports.length, 1);
  const { accepted, handlerErrors, failedHandshakes } =
    handleOf(server).counters;
  assertEquals([accepted, handlerErrors, failedHandshakes], [3, 1, 0]);
});

tlsTest(
  "a failed handshake is counted as one, and as no error of a handler",
  async (pki) => {
    const { copas, reports } = reporting();
    const tls = copas.socket.bind("127.0.0.1", 0);
    const secure = copas.addserver(
      tls,
      copas.handler(() => {}, pki.localhost),
    );
    const loop = copas.loop();
    const client = await Deno.connect({ port: tls.addr.port });
    await write(client, "no handshake at all\n");
    while (reports.length < 1) await turn();
    client.close();
    assertEquals(reports[0].error instanceof HandshakeError, true);
    const { failedHandshakes, handlerErrors } = secure.counters;
    assertEquals([failedHandshakes, handlerErrors], [1, 0]);
    secure.close();
    await loop;
  },
);

Deno.test("a paused server leaves new connections with the system until it is resumed", async () => {
  await using server = TestServer.start(echo);
  const handle = handleOf(server);
  assertEquals(await ask(await server.connect(), "before"), "before");
  handle.pause();
  const clients = await Promise.all([1, 2, 3].map(() => server.connect()));
  for (const client of clients) await write(client, "hello\n");
  for (let i = 0; i < 20; i++) await turn();
  assertEquals([handle.paused, handle.serving], [true, 1]);
  handle.resume();
  for (const client of clients) {
    assertEquals(await readText(client, 6), "hello\n");
  }
  assertEquals([handle.paused, handle.serving], [false, 4]);
});

Deno.test("limits can be changed while the server runs; a wrong one changes nothing", async () => {
  await using server = TestServer.start(echo, { maxConnections: 1 });
  const handle = handleOf(server);
  const [one, two] = [await server.connect(), await server.connect()];
  assertEquals(await ask(one, "a"), "a");
  await write(two, "b\n");
  for (let i = 0; i < 10; i++) await turn();
  assertEquals(handle.serving, 1);
  assertThrows(
    () => handle.limits.maxConnections = 0,
    RangeError,
    "limits: maxConnections must be a whole number",
  );
  assertThrows(
    () => Object.assign(handle.limits, { maxConections: 3 }),
    TypeError,
  );
  assertThrows(
    () => handle.limits = { maxConections: 3 } as never,
    TypeError,
    "limits: the limits have no key maxConections",
  );
  assertEquals(handle.limits.maxConnections, 1);
  handle.limits.maxConnections = 2;
  assertEquals(await readText(two, 2), "b\n");
  handle.limits = { maxline: 3 };
  assertEquals(handle.limits.maxConnections, 2);
});

Deno.test("drain stops listening, waits for the connections, and cuts what is left", async () => {
  const clock = new VirtualClock({ autojump: false });
  const ends: string[] = [];
  await using server = TestServer.start(
    async (conn, copas) => {
      const line = await copas.receive(conn);
      await copas.send(conn, "\n");
      try {
        await copas.pause(Number(line));
      } finally {
        ends.push(`${line} at ${clock.now()}`);
      }
    },
    undefined,
    dispatcher(clock),
  );
  const handle = handleOf(server);
  for (const seconds of ["1", "4", "9"]) {
    await ask(await server.connect(), seconds);
  }
  const drained = handle.drain({ grace: 5 });
  // Deno lets the descriptor go a little later.
  for (let i = 0; i < 10; i++) await turn();
  await assertRejects(() => server.connect(), Deno.errors.ConnectionRefused);
  for (const seconds of [1, 3, 1, 0.02]) {
    await clock.advance(seconds);
    for (let i = 0; i < 10; i++) await turn();
  }
  assertEquals(await drained, { served: 2, cut: 1 });
  assertEquals(ends, ["1 at 1", "4 at 4", "9 at 5"]);
  assertEquals([handle.serving, handle.closed], [0, true]);
  await server.ended;
});

Deno.test("a drain cuts a handler that does not end, and a peer that does not read", async () => {
  await using server = TestServer.start(async (conn, copas) => {
    if (await copas.receive(conn) === "stuck") {
      return await new Promise(() => {});
    }
    for (;;) await copas.send(conn, "x".repeat(60_000));
  });
  const handle = handleOf(server);
  const clients = [await server.connect(), await server.connect()];
  await write(clients[0], "stuck\n");
  await write(clients[1], "flood\n");
  while (
    handle.connections().map(({ waitsfor }) => waitsfor).join() !== ",send"
  ) await turn();
  assertEquals(await handle.drain({ grace: 0.1 }), { served: 0, cut: 2 });
  assertEquals(await readText(clients[0]), "");
  await server.ended;
});

Deno.test("a drain refuses a grace that is none", async () => {
  await using server = TestServer.start(echo);
  const handle = handleOf(server);
  await assertRejects(() => handle.drain({ grace: -1 }), RangeError, "grace");
  await assertRejects(
    () => handle.drain({ grase: 1 } as never),
    TypeError,
    "no key grase",
  );
  assertEquals(handle.closed, false);
});
