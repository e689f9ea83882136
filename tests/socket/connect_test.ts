// Connecting, and all that can come between.

import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Scheduler } from "../../src/core/scheduler.ts";
import { CancelledError, ClosedError, TimeoutError } from "../../src/errors.ts";
import { Network } from "../../src/net/network.ts";
import { StreamSocket } from "../../src/socket/stream_socket.ts";
import { VirtualClock } from "../../src/testing.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { dispatcher, turn } from "../fixtures/socket_dispatcher.ts";
import { closeQuietly, readText } from "../fixtures/socket_pair.ts";
import { ScriptedConn } from "../fixtures/socket_script.ts";

function listen(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

/** A port where nobody listens: it was free a moment ago. */
function deafPort(): number {
  using listener = listen();
  return listener.addr.port;
}

/** A name that can't be one: its label is too long, and no server is asked. */
const NO_HOST = "x".repeat(64);

/** A listener that lets nobody in any more, and the connections that fill it. */
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

Deno.test("connect resolves to the socket itself, connected", async () => {
  using listener = listen();
  const copas = dispatcher();
  const skt = copas.socket.tcp();
  assertEquals(skt.name, "tcp{master}");
  const { port } = listener.addr;
  assertStrictEquals(await skt.connect("127.0.0.1", port), skt);
  const peer = await listener.accept();
  await skt.send("hello\n");
  assertEquals(await readText(peer, 6), "hello\n");
  assertEquals(skt.getpeername(), ["127.0.0.1", port, "inet"]);
  assertEquals(skt.name, `tcp{client}: 127.0.0.1:${port}`);
  peer.close();
  await skt.close();
});

Deno.test("copas.socket.connect makes and connects; names are looked up", async () => {
  using listener = listen();
  const copas = dispatcher();
  const skt = await copas.socket.connect("localhost", listener.addr.port);
  assertInstanceOf(skt, StreamSocket);
  (await listener.accept()).close();
  assertEquals(await skt.receive(), null);
  await skt.close();
});

Deno.test("connecting works in a thread, while the others go on", async () => {
  using listener = listen();
  const copas = dispatcher();
  let connected = 0;
  for (let i = 0; i < 20; i++) {
    copas.addthread(async () => {
      await using _ = await copas.socket.connect(
        "127.0.0.1",
        listener.addr.port,
      );
      connected++;
    });
  }
  await copas.loop();
  assertEquals(connected, 20);
  for (let i = 0; i < 20; i++) (await listener.accept()).close();
});

Deno.test("refused: Deno's own class, with a message that says what and where", async () => {
  const skt = dispatcher().socket.tcp();
  const port = deafPort();
  const error = await assertRejects(
    () => skt.connect("127.0.0.1", port),
    Deno.errors.ConnectionRefused,
  );
  assertEquals(
    error.message,
    `Cannot connect to 127.0.0.1:${port}: connection refused; nothing listens there`,
  );
  assertEquals((error as { code?: string }).code, "ECONNREFUSED");
  assertInstanceOf(error.cause, Deno.errors.ConnectionRefused);
  assertEquals(skt.closed, false);
});

Deno.test("an unknown host is NotFound, and its name is told", async () => {
  const skt = dispatcher().socket.tcp();
  const error = await assertRejects(
    () => skt.connect(NO_HOST, 80),
    Deno.errors.NotFound,
  );
  assertMatch(
    error.message,
    /^Cannot connect to x{64}:80: unknown host; failed to lookup address/,
  );
});

Deno.test("a socket that could not connect may try again, elsewhere", async () => {
  using listener = listen();
  const skt = dispatcher().socket.tcp();
  await assertRejects(() => skt.connect("127.0.0.1", deafPort()));
  assertEquals(skt.name, "tcp{master}");
  const { port } = listener.addr;
  await skt.connect("127.0.0.1", port);
  assertEquals(skt.name, `tcp{client}: 127.0.0.1:${port}`);
  (await listener.accept()).close();
  await skt.close();
});

Deno.test("a name that was given before stays", async () => {
  using listener = listen();
  const skt = dispatcher().socket.tcp({ name: "backend" });
  await skt.connect("127.0.0.1", listener.addr.port);
  assertEquals(skt.name, "backend");
  (await listener.accept()).close();
  await skt.close();
});

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

Deno.test("a socket can be connected only once, and not twice at a time", async () => {
  using listener = listen();
  const { port } = listener.addr;
  const skt = dispatcher().socket.tcp();
  const first = skt.connect("127.0.0.1", port);
  await assertRejects(
    () => skt.connect("127.0.0.1", port),
    TypeError,
    "is being connected already",
  );
  await first;
  await assertRejects(
    () => skt.connect("127.0.0.1", port),
    TypeError,
    `Cannot connect to 127.0.0.1:${port}: the socket is connected already`,
  );
  await skt.send("still works\n");
  const peer = await listener.accept();
  assertEquals(await readText(peer, 12), "still works\n");
  peer.close();
  await skt.close();
});

Deno.test("wrong arguments are named, and the socket is as it was", async () => {
  using listener = listen();
  const skt = dispatcher().socket.tcp();
  // deno-lint-ignore no-explicit-any
  const connect = (...args: any[]) =>
    (skt.connect as (...args: unknown[]) => Promise<unknown>).apply(skt, args);
  const wrong = [
    [[5, 80], TypeError, "connect(): the host must be a string, got 5"],
    [["", 80], TypeError, "connect(): the host is empty"],
    [
      ["localhost", "80"],
      TypeError,
      'connect(): the port must be a whole number from 0 to 65535, got "80"',
    ],
    [["localhost"], TypeError, "got undefined"],
    [["localhost", 65536], RangeError, "got 65536"],
    [["localhost", -1], RangeError, "got -1"],
    [["localhost", 1.5], RangeError, "got 1.5"],
    [
      ["localhost", 80, 5],
      TypeError,
      "connect(): the options must be an object, got 5",
    ],
    [
      ["localhost", 80, { timeout: "5" }],
      TypeError,
      'connect(): the timeout must be a number of seconds, got "5"',
    ],
  ] as const;
  for (const [args, type, message] of wrong) {
    await assertRejects(() => connect(...args), type, message);
  }
  assertEquals(skt.name, "tcp{master}");
  await skt.connect("127.0.0.1", listener.addr.port);
  closeQuietly(await listener.accept());
  await skt.close();
});

Deno.test("without permission the error says which flag to add", async () => {
  const { stdout, stderr } = await runScript(
    `import copas from "{mod}";
     for (const [host, port] of [["127.0.0.1", 8080], ["::1", 80]]) {
       try {
         await copas.socket.connect(host, port);
       } catch (error) {
         console.log(error instanceof Deno.errors.NotCapable, error.message);
       }
     }`,
    [],
  );
  assertEquals(stderr, "");
  assertEquals(stdout.trim().split("\n"), [
    "true Cannot connect to 127.0.0.1:8080: net access is not granted; run with --allow-net=127.0.0.1:8080",
    "true Cannot connect to [::1]:80: net access is not granted; run with --allow-net=[::1]:80",
  ]);
});
