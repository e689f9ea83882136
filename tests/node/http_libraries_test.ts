// Libraries that speak HTTP and WebSocket, over the dispatcher's connections.

import { once } from "node:events";
import http from "node:http";
import { text } from "node:stream/consumers";
import { assertEquals } from "@std/assert";
import { agent, duplex, listener } from "../../src/node/mod.ts";
import { libraryTest, npm } from "../fixtures/npm_package.ts";
import { World } from "../fixtures/tls_world.ts";

const hono = await npm("hono@^4.13.0");
const honoServer = await npm("@hono/node-server@^2.1.0");
const ws = await npm("ws@^8.23.0");

Deno.test("node:http: server and client keep a connection for several requests", async () => {
  const world = new World();
  const server = http.createServer((request, response) => {
    request.pipe(response);
  });
  const port = world.servePlain(listener(world.copas, server));
  const kept = agent(world.copas);
  await world.run(async () => {
    for (const [said, isReused] of [["one", false], ["two", true]] as const) {
      const request = http.request({
        ...{ host: "127.0.0.1", port, agent: kept, method: "POST" },
      });
      request.end(said);
      const [response] = await world.copas.wait(once(request, "response"));
      const body = await world.copas.wait(text(response));
      assertEquals([body, request.reusedSocket], [said, isReused]);
    }
    kept.destroy();
    server.close();
  });
  assertEquals(world.errors, []);
});

libraryTest(
  "hono: an application answers over the dispatcher's connections",
  [hono, honoServer],
  async () => {
    const app = new hono.Hono();
    // deno-lint-ignore no-explicit-any
    app.get("/hello/:name", (c: any) => c.json({ name: c.req.param("name") }));
    // deno-lint-ignore no-explicit-any
    app.post("/", async (c: any) => c.text((await c.req.text()).toUpperCase()));
    const server = honoServer.createAdaptorServer({ fetch: app.fetch });
    const world = new World();
    const port = world.servePlain(listener(world.copas, server));
    await world.run(async () => {
      const got = async (path: string, init?: RequestInit) =>
        await (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();
      assertEquals(
        await world.copas.wait(got("/hello/ada")),
        '{"name":"ada"}',
      );
      assertEquals(
        await world.copas.wait(got("/", { method: "POST", body: "loud" })),
        "LOUD",
      );
      server.closeAllConnections();
      server.close();
    });
    assertEquals(world.errors, []);
  },
);

/** A WebSocket server of `ws` that echoes, and a client of `ws`, both over the dispatcher's sockets. */
async function withEcho(
  // deno-lint-ignore no-explicit-any
  use: (client: any, world: World, events: unknown[]) => Promise<void>,
  options: object = {},
): Promise<void> {
  const world = new World();
  const server = http.createServer();
  const events: unknown[] = [];
  const sockets = new ws.WebSocketServer({
    ...{ server, perMessageDeflate: true, maxPayload: 32 * 1024 * 1024 },
    ...options,
  });
  // deno-lint-ignore no-explicit-any
  sockets.on("connection", (socket: any) => {
    socket.on(
      "message",
      (data: Uint8Array, binary: boolean) => socket.send(data, { binary }),
    );
    socket.on("close", (code: number) => events.push(["server closed", code]));
    socket.on("error", (error: Error) => events.push(["error", error.message]));
  });
  const port = world.servePlain(listener(world.copas, server));
  const skt = world.copas.socket.tcp();
  await world.run(async () => {
    await skt.connect("127.0.0.1", port);
    const client = new ws.WebSocket(`ws://127.0.0.1:${port}/`, {
      createConnection: () => duplex(skt),
    });
    await world.copas.wait(once(client, "open"));
    await use(client, world, events);
    client.terminate();
    server.close();
  });
  assertEquals(world.errors, []);
}

/** Sends a message, and gives the echo. */
async function echoed(
  // deno-lint-ignore no-explicit-any
  client: any,
  world: World,
  data: string | Uint8Array,
): Promise<Uint8Array> {
  client.send(data);
  const [echo] = await world.copas.wait(once(client, "message"));
  return echo;
}

libraryTest(
  "ws: texts and bytes of every length class come back, compressed and fragmented",
  [ws],
  () =>
    withEcho(async (client, world) => {
      const sizes = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 4_000_000];
      for (const size of sizes) {
        const data = new Uint8Array(size);
        for (let i = 0; i < size; i++) data[i] = (i * 31 + (i >> 8)) & 0xff;
        const echo = await echoed(client, world, data);
        assertEquals(echo.length, size);
        assertEquals(echo.every((byte, i) => byte === data[i]), true);
        const text = "é".repeat(size >> 1);
        const back = await echoed(client, world, text);
        assertEquals(new TextDecoder().decode(back) === text, true);
      }
      for (const part of ["frag", "men", "ts"]) {
        client.send(part, { fin: false });
      }
      const whole = await echoed(client, world, "!");
      assertEquals(new TextDecoder().decode(whole), "fragments!");
    }),
);

libraryTest(
  "ws: a ping between fragments is answered, and a close has its code",
  [ws],
  () =>
    withEcho(async (client, world, events) => {
      client.send("be", { fin: false });
      client.ping("are you there?");
      const [pong] = await world.copas.wait(once(client, "pong"));
      assertEquals(new TextDecoder().decode(pong), "are you there?");
      const whole = await echoed(client, world, "gun");
      assertEquals(new TextDecoder().decode(whole), "begun");
      client.close(4123, "enough");
      const [code] = await world.copas.wait(once(client, "close"));
      assertEquals(code, 4123);
      while (events.length === 0) await world.copas.pause(0.001);
      assertEquals(events, [["server closed", 4123]]);
    }),
);

libraryTest(
  "ws: what is no WebSocket is refused with the code for it",
  [ws],
  async () => {
    /** What the server closes with when it gets these bytes. */
    const codeFor = (bytes: number[], options?: object) => {
      let code = 0;
      return withEcho(async (client, world) => {
        const closed = once(client, "close");
        // deno-lint-ignore no-explicit-any
        (client as any)._socket.write(Uint8Array.from(bytes));
        [code] = await world.copas.wait(closed) as [number];
      }, options).then(() => code);
    };
    const mask = [0, 0, 0, 0];
    // Reserved bits, an unknown opcode, no mask, a fragmented ping, a cut character, too much.
    assertEquals(await codeFor([0xb1, 0x80, ...mask]), 1002);
    assertEquals(await codeFor([0x83, 0x80, ...mask]), 1002);
    assertEquals(await codeFor([0x81, 0x01, 0x41]), 1002);
    assertEquals(await codeFor([0x09, 0x80, ...mask]), 1002);
    assertEquals(await codeFor([0x81, 0x81, ...mask, 0xc3]), 1007);
    assertEquals(
      await codeFor([0x82, 0x85, ...mask, 1, 2, 3, 4, 5], { maxPayload: 4 }),
      1009,
    );
  },
);
