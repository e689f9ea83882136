// Connects that get no answer, and how they end.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { Scheduler } from "../../src/core/scheduler.ts";
import {
  CancelledError,
  ClosedError,
  TimeoutError,
} from "../../src/errors/errors.ts";
import { Network } from "../../src/net/network.ts";
import { StreamSocket } from "../../src/socket/stream_socket.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { ScriptedConn } from "../fixtures/socket_script.ts";

function listen(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

/** A listener that lets no client in any more, and the connections that fill it. */
async function fullListener() {
  const listener = Deno.listen({
    hostname: "127.0.0.1",
    port: 0,
    tcpBacklog: 1,
  });
  const { port } = listener.addr;
  const copas = dispatcher();
  const inside: StreamSocket[] = [];
  for (;;) {
    const skt = copas.socket.tcp();
    try {
      inside.push(await skt.connect("127.0.0.1", port, { timeout: 1 }));
    } catch (error) {
      assertInstanceOf(error, TimeoutError);
      break;
    }
  }
  return {
    port,
    [Symbol.dispose]() {
      listener.close();
      for (const skt of inside) skt.close();
    },
  };
}

/** A socket whose connection comes when the test says so. */
function slowSocket() {
  const clock = new VirtualClock();
  const connecting = Promise.withResolvers<Deno.TcpConn>();
  const scheduler = new Scheduler(clock, (error) => reportError(error));
  const network = Object.assign(new Network(), {
    connect: () => connecting.promise,
  });
  const conn = new ScriptedConn();
  return {
    clock,
    conn,
    skt: new StreamSocket(scheduler, network),
    arrive: async () => {
      connecting.resolve(conn.conn as Deno.TcpConn);
      await turn();
    },
  };
}

Deno.test({
  name: "a connect that gets no answer times out",
  ignore: Deno.build.os !== "linux", // elsewhere a full backlog refuses
  async fn() {
    using full = await fullListener();
    const clock = new VirtualClock();
    const copas = dispatcher(clock);
    const skt = copas.socket.tcp();
    skt.settimeouts(5);
    const error = await assertRejects(
      () => skt.connect("127.0.0.1", full.port),
      TimeoutError,
    );
    assertEquals(clock.now(), 5);
    assertEquals(
      error.message,
      `Cannot connect to 127.0.0.1:${full.port}: timed out after 5 s`,
    );
    await assertRejects(
      () => skt.connect("127.0.0.1", full.port, { timeout: 2 }),
      TimeoutError,
      "after 2 s",
    );
    await assertRejects(
      () => skt.connect("127.0.0.1", full.port, { timeout: undefined }),
      TimeoutError,
      "after 5 s",
    );
    assertEquals(clock.now(), 12);
  },
});

Deno.test({
  name: "a connect that gets no answer ends with its signal",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using full = await fullListener();
    const skt = dispatcher().socket.tcp();
    const controller = new AbortController();
    const connecting = skt.connect("127.0.0.1", full.port, {
      signal: controller.signal,
    });
    await turn();
    controller.abort(new Error("enough"));
    const error = await assertRejects(() => connecting, CancelledError);
    assertEquals((error.cause as Error).message, "enough");
  },
});

Deno.test({
  name: "a connect that gets no answer ends when the socket is closed",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using full = await fullListener();
    const skt = dispatcher().socket.tcp();
    const connecting = skt.connect("127.0.0.1", full.port);
    await turn();
    await skt.close();
    await assertRejects(() => connecting, ClosedError, "the socket was closed");
    await assertRejects(
      () => skt.connect("127.0.0.1", full.port),
      ClosedError,
      "the socket is closed",
    );
  },
});

Deno.test({
  name: "a connect that gets no answer ends with its thread",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using full = await fullListener();
    const copas = dispatcher();
    const skt = copas.socket.tcp();
    let error: unknown;
    const task = copas.addthread(async () => {
      error = await skt.connect("127.0.0.1", full.port).catch((error) => error);
    });
    copas.addthread(async () => {
      await copas.pause(1);
      copas.removethread(task);
    });
    await copas.loop();
    assertInstanceOf(error, CancelledError);
  },
});

Deno.test("a connection that comes too late is closed", async () => {
  const timedOut = slowSocket();
  await assertRejects(
    () => timedOut.skt.connect("192.0.2.1", 80, { timeout: 1 }),
    TimeoutError,
  );
  await timedOut.arrive();
  // The dispatcher hands it on in its next round.
  await assertRejects(() =>
    timedOut.skt.connect("192.0.2.1", 80, {
      timeout: 0,
      signal: AbortSignal.abort(),
    })
  );
  assertEquals(timedOut.conn.closes, 1);

  const closed = slowSocket();
  const connecting = closed.skt.connect("192.0.2.1", 80);
  const ended = assertRejects(() => connecting, ClosedError);
  await turn();
  closed.skt.close();
  await closed.arrive();
  await ended;
  assertEquals(closed.conn.closes, 1);
});

Deno.test("a signal that was aborted before: nothing is begun", async () => {
  using listener = listen();
  const skt = dispatcher().socket.tcp();
  await assertRejects(
    () =>
      skt.connect("127.0.0.1", listener.addr.port, {
        signal: AbortSignal.abort(),
      }),
    CancelledError,
  );
  const accepting = listener.accept().then(() => "came", () => "nobody");
  await turn();
  listener.close();
  assertEquals(await accepting, "nobody");
});
