// Connecting, and all that can come between.

import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { StreamSocket } from "../../src/socket/stream_socket.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { closeQuietly, readText } from "../fixtures/socket_pair.ts";

function listen(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

/** A port where no server listens: it was free a moment ago. */
function deafPort(): number {
  using listener = listen();
  return listener.addr.port;
}

/** A name that can't be one: its label is too long, and no server is asked. */
const NO_HOST = "x".repeat(64);

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
