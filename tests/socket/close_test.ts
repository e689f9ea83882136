// Closing: here, there, one direction, both, and by force.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { ClosedError, TimeoutError } from "../../src/errors/errors.ts";
import { isInstalled } from "../fixtures/socket_child.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import {
  closeQuietly,
  pattern,
  read,
  readText,
  same,
  tcpPair,
  unixPair,
  write,
} from "../fixtures/socket_pair.ts";
import { scripted, text } from "../fixtures/socket_script.ts";

const hasPython = await isInstalled("python3");

Deno.test("close sends what is buffered first", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  await skt.send("last words");
  const closing = skt.close();
  await turn();
  assertEquals([conn.closes, skt.closed], [0, true]);
  conn.release();
  await closing;
  assertEquals([text(conn.written), conn.closes], ["last words", 1]);
});

Deno.test("close with unsent data: all of it arrives", async () => {
  for (const pair of [await tcpPair(), await unixPair()]) {
    using _ = pair;
    const copas = dispatcher();
    const skt = copas.wrap(pair.ours);
    const data = pattern(5 * 1024 * 1024);
    const reading = read(pair.theirs);
    await skt.send(data);
    await skt.close();
    assert(same(await reading, data));
  }
});

Deno.test("a close that is not awaited still sends what is buffered, and loop() stays for it", async () => {
  const { copas, conn, skt } = scripted();
  conn.hold();
  copas.addthread(async () => {
    await skt.send("last words");
    skt.close();
  });
  let ended = false;
  const loop = copas.loop().then(() => ended = true);
  for (let i = 0; i < 5; i++) await turn();
  assertEquals(ended, false);
  conn.release();
  await loop;
  assertEquals([text(conn.written), conn.closes], ["last words", 1]);
});

Deno.test("a close in a thread that is removed still sends what is buffered", async () => {
  const { copas, conn, skt } = scripted();
  conn.hold();
  const task = copas.addthread(async () => {
    await using _ = skt;
    await skt.send("last words");
    await copas.pause(1000);
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(task);
    await copas.pause(1);
    assertEquals(conn.closes, 0);
    conn.release();
  });
  await copas.loop();
  assertEquals([text(conn.written), conn.closes], ["last words", 1]);
});

Deno.test("a peer that never reads: close gives up after the send timeout, and the socket is gone", async () => {
  const { conn, skt, clock } = scripted();
  conn.hold();
  skt.settimeouts(undefined, 3);
  await skt.send("never read");
  await assertRejects(() => skt.close(), TimeoutError);
  assertEquals([clock.now(), conn.closes], [3, 1]);
});

Deno.test("closing twice is closing once", async () => {
  const { conn, skt } = scripted();
  const first = skt.close();
  assertStrictEquals(skt.close(), first);
  await first;
  await skt.close();
  assertEquals(conn.closes, 1);
});

Deno.test("a connection that was closed behind our back is closed without complaint", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  pair.ours.close();
  await assertRejects(() => skt.receive(), ClosedError, "the socket is closed");
  await skt.send("x");
  await assertRejects(() => skt.flush(), ClosedError, "the socket is closed");
  await skt.close();
});

Deno.test("a connection that is closed behind the back of a reader and a writer ends both", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  const receiving = skt.receive();
  const sending = skt.send(pattern(20 * 1024 * 1024));
  await turn();
  pair.ours.close();
  await assertRejects(() => receiving, ClosedError, "the socket is closed");
  await assertRejects(() => sending, ClosedError, "the socket is closed");
});

Deno.test("after close every use is a ClosedError that names the socket", async () => {
  const { conn, skt } = scripted({ name: "closed one" });
  conn.feed("still there\n");
  assertEquals(await skt.receive(6), new TextEncoder().encode("still "));
  await skt.close();
  const uses: (() => unknown)[] = [
    () => skt.receive(),
    () => skt.receive(1),
    () => skt.receive("*a"),
    () => skt.receivepartial(),
    () => skt.send("x"),
    () => skt.send(""),
    () => skt.flush(),
    () => skt.shutdown(),
    () => skt.connect("127.0.0.1", 1),
    () => skt.setoption("keepalive", true),
  ];
  for (const use of uses) {
    const error = await assertRejects(
      async () => {
        await use();
      },
      ClosedError,
      undefined,
      `${use}`,
    );
    assert(
      error.message.includes("the socket is closed"),
      `${use}: ${error.message}`,
    );
    if (!`${use}`.includes("connect")) {
      assert(error.message.includes("closed one"), `${use}: ${error.message}`);
    }
  }
  assertEquals(skt.closed, true);
});

Deno.test("after close the socket still tells its addresses, its name and its numbers", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  const [ip, port] = skt.getpeername();
  await skt.close();
  assertEquals(skt.getpeername(), [ip, port, "inet"]);
  assertEquals(skt.getsockname()[0], "127.0.0.1");
  assertEquals(skt.name, `tcp{client}: 127.0.0.1:${port}`);
  assertEquals(skt.getstats().slice(0, 2), [0, 0]);
});

Deno.test("a socket that was never connected: every use is a ClosedError that says so", async () => {
  const copas = dispatcher();
  const skt = copas.socket.tcp();
  const uses: (() => unknown)[] = [
    () => skt.receive(),
    () => skt.receivepartial(),
    () => skt.send("x"),
    () => skt.flush(),
    () => skt.shutdown(),
    () => skt.getpeername(),
    () => skt.getsockname(),
    () => skt.setoption("keepalive", true),
  ];
  for (const use of uses) {
    await assertRejects(
      async () => {
        await use();
      },
      ClosedError,
      "the socket is not connected",
    );
  }
  await skt.close();
  assertEquals(skt.closed, true);
  await assertRejects(() => skt.receive(), ClosedError, "the socket is closed");
});

Deno.test('shutdown("send"): the peer gets all and then the end, and can still answer', async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  const data = pattern(300_000);
  const reading = read(pair.theirs);
  skt.send(data.subarray(0, 60_000));
  await skt.shutdown("send");
  assert(same(await reading, data.subarray(0, 60_000)));
  await assertRejects(
    () => skt.send("x"),
    ClosedError,
    "the socket was shut down for sending",
  );
  await assertRejects(() => skt.flush(), ClosedError);
  await write(pair.theirs, "answer\n");
  assertEquals(await skt.receive(), "answer");
  await skt.shutdown("send"); // again
  assertEquals(skt.closed, false);
  await skt.close();
});

Deno.test('shutdown("receive"): nothing is received any more, sending goes on', async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  const waiting = skt.receive();
  await skt.shutdown("receive");
  const why = "the socket was shut down for receiving";
  await assertRejects(() => waiting, ClosedError, why);
  await assertRejects(() => skt.receive("*a"), ClosedError, why);
  await skt.send("still here");
  await skt.flush();
  assertEquals(await readText(pair.theirs, 10), "still here");
  await skt.close();
});

Deno.test("shutdown without a direction is both, and the socket has still to be closed", async () => {
  const { conn, skt } = scripted();
  await skt.send("bye");
  await skt.shutdown();
  assertEquals(
    [text(conn.written), conn.closeWrites, conn.closes],
    ["bye", 1, 0],
  );
  await assertRejects(() => skt.send("x"), ClosedError);
  await assertRejects(() => skt.receive(), ClosedError);
  await skt.close();
  assertEquals(conn.closes, 1);
});

Deno.test("a wrong direction is named, and nothing is shut down", async () => {
  const { conn, skt } = scripted();
  // deno-lint-ignore no-explicit-any
  const shutdown = (direction: any) => skt.shutdown(direction);
  await assertRejects(
    () => shutdown("write"),
    TypeError,
    'shutdown(): the direction must be "send", "receive" or "both", got "write"',
  );
  await assertRejects(() => shutdown(null), TypeError, "got null");
  conn.feed("x\n");
  assertEquals(await skt.receive(), "x");
  assertEquals(conn.closeWrites, 0);
});

Deno.test("shutdown of a connection that is gone does not fail", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  pair.theirs.close();
  assertEquals(await skt.receive(), null);
  await skt.shutdown();
  await skt.close();
});

Deno.test("a reset that only a write has found is one for each receive that follows", async () => {
  const { conn, skt } = scripted();
  conn.hold();
  conn.feed("last bytes");
  await skt.send("x");
  await turn();
  conn.break(new Deno.errors.ConnectionReset("os error 104"));
  conn.end();
  await assertRejects(() => skt.flush(), ClosedError, "reset");
  const error = await assertRejects(() => skt.receive("*a"), ClosedError);
  assertEquals(
    [error.message, text(error.partial)],
    [
      `Cannot receive from ${skt.name}: the peer reset the connection`,
      "last bytes",
    ],
  );
  await assertRejects(() => skt.receive(), ClosedError, "reset");
  await skt.close();
});

Deno.test("the end of a peer that does not read comes at once, though a send waits", async () => {
  const { conn, skt, clock } = scripted();
  conn.hold();
  await skt.send("never read");
  conn.end();
  assertEquals(await skt.receive(), null);
  assertEquals(clock.now(), 0);
  conn.release();
  await skt.close();
});

Deno.test("a peer's half-close: the end comes, and sending goes on", async () => {
  for (const pair of [await tcpPair(), await unixPair()]) {
    using _ = pair;
    const skt = dispatcher().wrap(pair.ours);
    await write(pair.theirs, "question\n");
    await pair.theirs.closeWrite();
    assertEquals(await skt.receive(), "question");
    assertEquals(await skt.receive(), null);
    await skt.send("answer\n");
    await skt.close();
    assertEquals(await readText(pair.theirs), "answer\n");
  }
});

Deno.test("a peer that went away: sends fail sooner or later, and close is quiet then", async () => {
  using pair = await tcpPair();
  const skt = dispatcher().wrap(pair.ours);
  pair.theirs.close();
  let error: unknown;
  for (let i = 0; i < 100 && error === undefined; i++) {
    error = await skt.send("is anybody there?").then(
      () => skt.flush(),
      (error) => error,
    ).catch((error) => error);
  }
  assertInstanceOf(error, ClosedError);
  assertEquals(await skt.receive(), null);
  await skt.close();
});

Deno.test({
  name: "a reset ends the reader and the writer, and is remembered",
  ignore: !hasPython,
  async fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const child = new Deno.Command("python3", {
      args: ["-c", RESETTING_PEER, `${listener.addr.port}`],
      stdin: "piped",
    }).spawn();
    const conn = await listener.accept();
    try {
      const copas = dispatcher();
      const skt = copas.wrap(conn);
      assertEquals(await skt.receive(), "hello");
      const receiving = skt.receive();
      const sending = skt.send(pattern(30 * 1024 * 1024));
      sending.catch(() => {});
      await turn();
      await child.stdin.close(); // now it resets the connection
      const error = await assertRejects(() => receiving, ClosedError);
      assertInstanceOf(error.cause, Deno.errors.ConnectionReset);
      assertEquals(
        error.message,
        `Cannot receive from ${skt.name}: the peer reset the connection`,
      );
      const { sent } = await assertRejects(() => sending, ClosedError);
      assert(sent! > 0);
      await assertRejects(() => skt.receive(), ClosedError, "reset");
      await assertRejects(() => skt.send("x"), ClosedError);
      await skt.close();
    } finally {
      closeQuietly(conn);
      await child.status;
    }
  },
});

const RESETTING_PEER = `
import socket, struct, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.sendall(b"hello\\n")
sys.stdin.read()
peer.close()
`;
