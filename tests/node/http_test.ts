// Servers of node:http behind addserver, and its clients over our connections.

import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ScopeError } from "../../mod.ts";
import type { Copas } from "../../src/copas/copas.ts";
import { agent, type DuplexSocket, listener } from "../../src/node/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { tlsTest, World } from "../fixtures/tls_world.ts";

/** Asks by a client of node's; gives the body, and whether the connection was used before. */
async function ask(
  copas: Copas,
  options: https.RequestOptions,
  body?: string,
): Promise<[body: string, isReused: boolean]> {
  const make = options.agent instanceof https.Agent ||
      (options.agent as https.Agent & { protocol: string }).protocol ===
        "https:"
    ? https.request
    : http.request;
  const request = make({
    host: "127.0.0.1",
    method: body === undefined ? "GET" : "POST",
    ...options,
  });
  request.end(body);
  return await copas.wait((async () => {
    const [response] = await once(request, "response");
    return [await text(response), request.reusedSocket];
  })());
}

/** A server that tells the address of its client, and whether there is TLS. */
function teller(): http.Server {
  return http.createServer(({ socket }, response) => {
    const { remoteAddress, encrypted } = socket as DuplexSocket;
    response.end(`${remoteAddress} ${encrypted}`);
  });
}

Deno.test("a server keeps to the limits of addserver, and its connections have names and are threads", async () => {
  const world = new World();
  const { copas } = world;
  const server = http.createServer((_request, response) => {
    response.end(copas.getthreadname());
  });
  const port = world.servePlain(listener(copas, server), {
    name: "web",
    maxConnections: 2,
  });
  const kept = agent(copas);
  await world.run(async () => {
    const answers = await Promise.all(
      [1, 2].map(() => ask(copas, { port, agent: kept })),
    );
    assertEquals(answers.map(([name]) => name).sort(), [
      "web:handler_1",
      "web:handler_2",
    ]);
    // Both wait for another request: the third has no room until one is gone.
    const other = agent(copas);
    let isAnswered = false;
    const third = ask(copas, { port, agent: other })
      .then(() => isAnswered = true);
    await copas.sleep(0.02);
    assertEquals(isAnswered, false);
    kept.destroy();
    await third;
    other.destroy();
    server.close();
  });
  assertEquals(world.errors, []);
});

Deno.test("behind a proxy that says so by PROXY, the server hears of the client", async () => {
  const world = new World();
  const { copas } = world;
  const server = teller();
  const port = world.servePlain(listener(copas, server), {
    proxyProtocol: { from: ["127.0.0.1"] },
  });
  await world.run(async () => {
    const skt = await copas.socket.connect("127.0.0.1", port);
    await skt.send(
      "PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n" +
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    const answer = await skt.receive("*a");
    assert(answer.endsWith("192.0.2.1 false"), answer);
    await skt.close();
    server.close();
  });
  assertEquals(world.errors, []);
});

Deno.test("the removal of its thread ends a connection of the server", async () => {
  const world = new World();
  const { copas } = world;
  const asked = Promise.withResolvers<unknown>();
  const server = http.createServer((request) => {
    asked.resolve(copas.currentthread());
    request.socket.once("close", () => asked.resolve(undefined));
  });
  const port = world.servePlain(listener(copas, server));
  await world.run(async () => {
    const skt = await copas.socket.connect("127.0.0.1", port);
    await skt.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    copas.removethread(await copas.wait(asked.promise) as never);
    assertEquals(await skt.receive(), null);
    await skt.close();
    server.close();
  });
  assertEquals(world.errors, []);
});

Deno.test("an idle connection ends after the server's keepAliveTimeout, by the dispatcher's clock", async () => {
  const clock = new VirtualClock();
  const world = new World({ clock });
  const { copas } = world;
  const server = teller();
  server.keepAliveTimeout = 60_000;
  const port = world.servePlain(listener(copas, server));
  await world.run(async () => {
    const skt = await copas.socket.connect("127.0.0.1", port);
    await skt.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while (await skt.receive() !== "");
    await skt.receivepartial(100);
    const before = clock.now();
    assertEquals(await skt.receive(), null);
    const seconds = clock.now() - before;
    assert(seconds >= 60 && seconds < 63, `${seconds} s`);
    await skt.close();
    server.close();
  });
  assertEquals(world.errors, []);
});

Deno.test("a thousand connections at once are served by node:http", async () => {
  const world = new World();
  const { copas } = world;
  const server = teller();
  const port = world.servePlain(listener(copas, server));
  await world.run(async () => {
    const skts = await Promise.all(
      Array.from(
        { length: 1000 },
        () => copas.socket.connect("127.0.0.1", port),
      ),
    );
    for (let round = 0; round < 2; round++) {
      await Promise.all(skts.map(async (skt) => {
        await skt.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assertEquals(await skt.receive(), "HTTP/1.1 200 OK");
        while (await skt.receive() !== "");
        assertEquals((await skt.receive(15))?.length, 15);
      }));
    }
    await Promise.all(skts.map((skt) => skt.close()));
    server.close();
  });
  assertEquals(world.errors, []);
});

Deno.test("garbage, cuts and floods of a client end its connection and nothing else", async () => {
  const world = new World();
  const { copas } = world;
  const server = teller();
  server.on("connect", (_request, socket) => socket.destroy());
  const port = world.servePlain(listener(copas, server));
  const kept = agent(copas);
  await world.run(async () => {
    for (
      const bytes of [
        "\0\x01\x02\x03",
        "GET / HTTP/1.1\r\nHost",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        `GET / HTTP/1.1\r\nA: ${"x".repeat(100_000)}\r\n\r\n`,
      ]
    ) {
      const skt = await copas.socket.connect("127.0.0.1", port);
      await skt.send(bytes);
      await skt.flush();
      await copas.pause(0.002);
      skt.abort();
      const [answer] = await ask(copas, { port, agent: kept });
      assert(answer.startsWith("127.0.0.1"));
    }
    kept.destroy();
    server.close();
  });
  assertEquals(world.errors, []);
});

Deno.test("an error that a function given to listener throws is reported, and its connection ends", async () => {
  const world = new World();
  const { copas } = world;
  const port = world.servePlain(listener(copas, () => {
    throw new Error("the library is broken");
  }));
  await world.run(async () => {
    const skt = await copas.socket.connect("127.0.0.1", port);
    assertEquals(await skt.receive(), null);
    await skt.close();
  });
  assertEquals(world.errors.map(({ message }) => message), [
    "the library is broken",
  ]);
  assertThrows(
    () => listener(copas, {} as http.Server),
    TypeError,
    "emit()",
  );
});

Deno.test("a kept connection lets the loop end, and one that the server has ended is not used again", async () => {
  const world = new World();
  const { copas } = world;
  const server = teller();
  const port = world.servePlain(listener(copas, server));
  const kept = agent(copas);
  await world.run(async () => {
    assertEquals((await ask(copas, { port, agent: kept }))[1], false);
    assertEquals((await ask(copas, { port, agent: kept }))[1], true);
    server.closeAllConnections();
    await copas.sleep(0.01);
    assertEquals((await ask(copas, { port, agent: kept }))[1], false);
    server.closeAllConnections();
    server.close();
  });
  // The loop has ended, and the agent still keeps a connection.
  kept.destroy();
  await copas.loop();
  assertEquals(world.errors, []);
});

Deno.test("a request belongs to the thread that makes it, also on a connection of an earlier one", async () => {
  const world = new World();
  const { copas } = world;
  const server = http.createServer((request, response) => {
    if (request.url === "/wait") return;
    response.end("done");
  });
  const port = world.servePlain(listener(copas, server));
  const kept = agent(copas, { maxSockets: 1 });
  await world.run(async () => {
    const first = Promise.withResolvers<void>();
    const earlier = copas.addthread(async () => {
      await ask(copas, { port, agent: kept });
      first.resolve();
      await copas.sleep(-1);
    });
    await copas.wait(first.promise);
    // The connection has no more to do with the thread that has made it.
    const second = ask(copas, { port, agent: kept });
    copas.removethread(earlier);
    assertEquals(await second, ["done", true]);
    const failed = Promise.withResolvers<NodeJS.ErrnoException>();
    const later = copas.addthread(async () => {
      const request = http.get({
        ...{ host: "127.0.0.1", port, path: "/wait", agent: kept },
      });
      request.on("error", failed.resolve);
      await copas.sleep(-1);
    });
    await copas.sleep(0.02);
    copas.removethread(later);
    assertEquals((await copas.wait(failed.promise)).code, "ECANCELED");
    kept.destroy();
    server.closeAllConnections();
    server.close();
  });
  assertEquals(world.errors, []);
});

Deno.test("an agent connects within the scope of its view, and by TCP", async () => {
  const world = new World();
  const { copas } = world;
  await world.run(async () => {
    const kept = agent(copas.scoped({ net: ["127.0.0.1:80"] }));
    const error = await assertRejects(
      () => ask(copas, { port: 81, agent: kept }),
      ScopeError,
    );
    assert(error.message.includes("127.0.0.1:81"), error.message);
    await assertRejects(
      () => ask(copas, { socketPath: "/run/x.sock", agent: kept }),
      TypeError,
      "/run/x.sock",
    );
  });
});

tlsTest(
  "https is the dispatcher's TLS on both sides; a server that is not trusted is refused",
  async ({ localhost, trust }) => {
    const world = new World();
    const { copas } = world;
    const server = teller();
    const port = world.servePlain(listener(copas, server, localhost));
    const kept = agent(copas, { sslparams: trust });
    await world.run(async () => {
      const options = { host: "localhost", port, agent: kept };
      assertEquals(await ask(copas, options), ["127.0.0.1 true", false]);
      assertEquals((await ask(copas, options))[1], true);
      kept.destroy();
      const distrustful = agent(copas, { sslparams: {} });
      await assertRejects(
        () => ask(copas, { ...options, agent: distrustful }),
        Error,
        "Cannot establish TLS",
      );
      await assertRejects(
        () =>
          ask(copas, { ...options, agent: kept, rejectUnauthorized: false }),
        TypeError,
        "caCerts",
      );
      server.close();
    });
    // The server's side of the handshake that the client has broken off.
    assertEquals(
      world.errors.map(({ name }) => name).filter((name) =>
        name !== "HandshakeError"
      ),
      [],
    );
  },
);
