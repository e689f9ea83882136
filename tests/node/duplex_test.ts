// A Copas socket as a socket of node's, and the other way.

import { once } from "node:events";
import net from "node:net";
import { Duplex, PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ClosedError, type StreamSocket } from "../../mod.ts";
import { duplex, type DuplexSocket, socketof } from "../../src/node/mod.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { isInstalled } from "../fixtures/socket_child.ts";
import { tcpPair, unixPair } from "../fixtures/socket_pair.ts";
import { tlsTest, World } from "../fixtures/tls_world.ts";

const hasPython = await isInstalled("python3");

/** Runs `body` in a thread with a duplex and its peer, a plain socket of Deno's. */
async function withDuplex(
  body: (
    given: {
      stream: DuplexSocket;
      skt: StreamSocket;
      peer: Deno.TcpConn;
      world: World;
    },
  ) => Promise<void>,
  options: { clock?: VirtualClock; allowHalfOpen?: boolean } = {},
): Promise<void> {
  using pair = await tcpPair();
  const { clock, ...rest } = options;
  const world = new World({ clock });
  await world.run(async () => {
    const skt = world.copas.wrap(pair.ours);
    const stream = duplex(skt, rest);
    await body({ stream, skt, peer: pair.theirs, world });
    stream.destroy();
  });
  assertEquals(world.errors, []);
}

/** Resolves when the stream is closed; gives its error, if it had one. */
function end(stream: Duplex): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  let error: Error | undefined;
  stream.once("error", (each) => error = each);
  stream.once("close", () => resolve(error));
  return promise;
}

const bytes = (of: string) => new TextEncoder().encode(of);

Deno.test("a duplex tells of its connection what a socket of node's does", () =>
  withDuplex(async ({ stream, peer, world }) => {
    const remote = peer.localAddr as Deno.NetAddr;
    const local = peer.remoteAddr as Deno.NetAddr;
    assertEquals(
      [stream.remoteAddress, stream.remotePort, stream.remoteFamily],
      ["127.0.0.1", remote.port, "IPv4"],
    );
    assertEquals(
      [stream.localAddress, stream.localPort],
      ["127.0.0.1", local.port],
    );
    assertEquals(stream.address(), {
      address: "127.0.0.1",
      port: local.port,
      family: "IPv4",
    });
    assertEquals(
      [stream.encrypted, stream.authorized, stream.alpnProtocol],
      [false, false, null],
    );
    assertEquals([stream.readyState, stream.pending], ["open", false]);
    stream.setNoDelay().setKeepAlive(true, 1000).ref();
    await peer.write(bytes("12345"));
    await world.copas.wait(once(stream, "data"));
    stream.write("äö");
    stream.write("\xc3\xa9", "latin1"); // the bytes of an é
    const got = new Uint8Array(6);
    let at = 0;
    while (at < 6) {
      at += await world.copas.wait(peer.read(got.subarray(at))) ?? 9;
    }
    assertEquals([stream.bytesRead, stream.bytesWritten], [5, 6]);
    assertEquals([...got], [...bytes("äöé")]);
  }));

Deno.test("a duplex ends when both sides have, and half-open one goes on until it is ended", async () => {
  await withDuplex(async ({ stream, skt, peer, world }) => {
    stream.resume();
    await peer.closeWrite();
    assertEquals(await world.copas.wait(end(stream)), undefined);
    assert(skt.closed);
    assertEquals(await peer.read(new Uint8Array(1)), null);
  });
  await withDuplex(async ({ stream, peer, world }) => {
    await peer.write(bytes("question"));
    await peer.closeWrite();
    const ended = once(stream, "end");
    let question = "";
    stream.on("data", (chunk) => question += chunk);
    await world.copas.wait(ended);
    assertEquals(question, "question");
    assertEquals([stream.writable, stream.readyState], [true, "writeOnly"]);
    const closed = end(stream);
    stream.end("answer");
    const got = new Uint8Array(6);
    assertEquals(await world.copas.wait(peer.read(got)), 6);
    assertEquals(await world.copas.wait(peer.read(got)), null);
    assertEquals(await world.copas.wait(closed), undefined);
  }, { allowHalfOpen: true });
});

Deno.test("end() tells the peer, and what the peer sends then still comes", () =>
  withDuplex(async ({ stream, peer, world }) => {
    stream.end("bye");
    const got = new Uint8Array(9);
    assertEquals(await world.copas.wait(peer.read(got)), 3);
    assertEquals(await world.copas.wait(peer.read(got)), null);
    await peer.write(bytes("later"));
    await peer.closeWrite();
    assertEquals(await world.copas.wait(text(stream)), "later");
  }));

/** A peer that resets its connection in the middle of what it sends. */
const RESETTER = `
import socket, struct, sys
peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.sendall(b"half a li")
peer.recv(1)
peer.close()
`;

for (const isHeard of [true, false]) {
  Deno.test({
    name: isHeard
      ? "a peer that resets is an error with node's code, and ours is its cause"
      : "a peer that resets a stream without a listener for errors does not end the process",
    ignore: !hasPython,
    async fn() {
      const world = new World();
      const closed = Promise.withResolvers<NodeJS.ErrnoException | undefined>();
      const port = world.servePlain(world.copas.handler(async (skt) => {
        const stream = duplex(skt).resume();
        stream.once("data", () => stream.write("go on"));
        const heard = Promise.withResolvers<void>();
        let error: Error | undefined;
        if (isHeard) stream.once("error", (each) => error = each);
        stream.once("close", () => heard.resolve());
        await world.copas.wait(heard.promise);
        closed.resolve(error);
      }));
      await world.run(async () => {
        const peer = new Deno.Command("python3", {
          args: ["-c", RESETTER, `${port}`],
        }).output();
        const error = await world.copas.wait(closed.promise);
        await world.copas.wait(peer);
        assertEquals(error?.code, isHeard ? "ECONNRESET" : undefined);
        assertEquals(error?.cause instanceof ClosedError, isHeard);
      });
      assertEquals(world.errors, []);
    },
  });
}

Deno.test("a write after the end is the stream's error and reaches nothing else", () =>
  withDuplex(async ({ stream, world }) => {
    const closed = end(stream);
    stream.end();
    stream.write("late");
    const error = await world.copas.wait(closed) as Error & { code: string };
    assertEquals(error.code, "ERR_STREAM_WRITE_AFTER_END");
  }));

Deno.test("a stream that is destroyed early closes its socket, in the middle of a read and of a write", () =>
  withDuplex(async ({ stream, skt, world }) => {
    stream.resume();
    stream.write(new Uint8Array(8 * 1024 * 1024));
    await world.copas.pause();
    stream.destroy();
    while (!skt.closed) await world.copas.pause();
    stream.destroy();
    assertEquals(stream.readyState, "closed");
  }));

Deno.test("the removal of its thread ends the stream, and that of another one does not", async () => {
  using pair = await tcpPair();
  const world = new World();
  const { copas } = world;
  await world.run(async () => {
    const ready = Promise.withResolvers<DuplexSocket>();
    const task = copas.addthread(async () => {
      const stream = duplex(copas.wrap(pair.ours)).resume();
      ready.resolve(stream);
      await copas.sleep(-1);
    });
    const stream = await copas.wait(ready.promise);
    const other = copas.addthread(async () => {
      stream.write("hello");
      await copas.sleep(-1);
    });
    copas.removethread(other);
    assertEquals(
      await copas.wait(pair.theirs.read(new Uint8Array(9))),
      5,
    );
    const closed = end(stream);
    copas.removethread(task);
    const error = await copas.wait(closed) as Error & { code: string };
    assertEquals(error.code, "ECANCELED");
    assertEquals(await copas.wait(pair.theirs.read(new Uint8Array(9))), null);
  });
  assertEquals(world.errors, []);
});

Deno.test("a slow reader makes the writer wait: 100 MB through a pipe take little memory", () =>
  withDuplex(async ({ stream, peer, world }) => {
    const total = 100 * 1024 * 1024;
    const piece = new Uint8Array(64 * 1024);
    let produced = 0;
    let received = 0;
    let most = 0;
    const source = new Duplex({
      read() {
        if (produced === total) return void this.push(null);
        produced += piece.length;
        this.push(piece);
      },
      write: (_chunk, _encoding, done) => done(),
    });
    source.pipe(stream);
    const into = new Uint8Array(1024 * 1024);
    for (;;) {
      const count = await world.copas.wait(peer.read(into));
      if (count === null) break;
      received += count;
      most = Math.max(most, produced - received);
    }
    assertEquals(received, total);
    // The system's buffers of the loopback are by far the most of it.
    assert(most < 16 * 1024 * 1024, `${most} bytes were under way`);
  }));

Deno.test("a duplex that is not read makes the peer wait", () =>
  withDuplex(async ({ stream, peer, world }) => {
    stream.once("readable", () => {});
    let written = 0;
    const piece = new Uint8Array(1024 * 1024);
    const flood = (async () => {
      while (written < 64 * 1024 * 1024) written += await peer.write(piece);
    })().catch(() => {});
    let before = -1;
    while (written === 0 || written !== before) {
      before = written;
      await world.copas.sleep(0.05);
    }
    assert(written < 32 * 1024 * 1024, `${written} bytes were taken`);
    assert(stream.readableLength <= 256 * 1024);
    stream.destroy();
    await world.copas.wait(flood);
  }));

Deno.test("a duplex that is not read is closed with its socket, and tells why", () => {
  const clock = new VirtualClock();
  return withDuplex(async ({ stream, skt, world }) => {
    const over = end(stream);
    skt.lifetime(5);
    await world.copas.pause(6);
    assertEquals(stream.destroyed, true);
    const error = await world.copas.wait(over);
    assert(error?.message.includes("lifetime"), error?.message);
  }, { clock });
});

Deno.test("a duplex that is not read and whose socket the program closes is closed too", () =>
  withDuplex(async ({ stream, skt, world }) => {
    const over = end(stream);
    await skt.close();
    await world.copas.wait(over);
    assertEquals(stream.destroyed, true);
  }));

Deno.test("an error that a listener of data throws ends the stream, and reaches the error handler", async () => {
  using pair = await tcpPair();
  const world = new World();
  await world.run(async () => {
    const stream = duplex(world.copas.wrap(pair.ours));
    const over = end(stream);
    stream.on("data", () => {
      throw new Error("a bug of the listener");
    });
    await world.copas.wait(pair.theirs.write(bytes("x")));
    await world.copas.wait(over);
    await world.reported(1);
  });
  assertEquals(world.errors.map(String), ["Error: a bug of the listener"]);
});

Deno.test("setTimeout goes by the dispatcher's clock, and activity puts it off", () => {
  const clock = new VirtualClock();
  return withDuplex(async ({ stream, world }) => {
    const { copas } = world;
    let rang = 0;
    stream.setTimeout(10_000, () => rang++);
    await copas.sleep(8);
    stream.write("x");
    await copas.sleep(8);
    assertEquals(rang, 0);
    await copas.sleep(3);
    assertEquals(rang, 1);
    stream.on("timeout", () => rang++);
    stream.setTimeout(0);
    await copas.sleep(100);
    assertEquals(rang, 1);
    assertThrows(() => stream.setTimeout(-1), TypeError, "-1");
  }, { clock });
});

Deno.test("an unref'd duplex lets the loop end, and reads on while it runs", async () => {
  using pair = await tcpPair();
  const world = new World();
  const { copas } = world;
  let stream: DuplexSocket | undefined;
  let heard = "";
  await copas.loop(async () => {
    stream = duplex(copas.wrap(pair.ours));
    stream.on("data", (chunk) => heard += chunk);
    await copas.pause();
    stream.unref();
    await pair.theirs.write(bytes("news"));
    while (heard === "") await copas.pause(0.001);
  });
  assertEquals(heard, "news");
  stream!.destroy();
  await copas.loop();
  assertEquals(world.errors, []);
});

Deno.test("a connected duplex says so to a library that connects it, once", () =>
  withDuplex(async ({ stream, world }) => {
    const connected = once(stream, "connect");
    stream.connect(5432, "db.example.com");
    await world.copas.wait(connected);
    assertThrows(
      () => stream.connect(5432, "db.example.com"),
      TypeError,
      "already",
    );
  }));

Deno.test("what is no connected socket is refused", () => {
  const world = new World();
  assertThrows(
    () => duplex({} as StreamSocket),
    TypeError,
    "copas.wrap()",
  );
  const skt = world.copas.socket.tcp();
  assertThrows(() => duplex(skt), Error, "not connected");
  assertThrows(
    () => duplex(skt, { allowhalfopen: true } as object),
    TypeError,
    "allowHalfOpen",
  );
  assertThrows(() => socketof({} as Duplex), TypeError, "duplex");
});

Deno.test("a Unix socket has no address and no options, and is a duplex all the same", async () => {
  using pair = await unixPair();
  const world = new World();
  await world.run(async () => {
    const stream = duplex(world.copas.wrap(pair.ours));
    assertEquals(stream.remoteAddress, undefined);
    stream.setNoDelay().setKeepAlive(true);
    stream.write("hello");
    const got = new Uint8Array(9);
    assertEquals(await world.copas.wait(pair.theirs.read(got)), 5);
    stream.destroy();
  });
});

tlsTest(
  "behind TLS a duplex tells who the peer is, on both sides",
  async ({ authority, localhost, alice, trust }) => {
    const world = new World();
    const seen = Promise.withResolvers<unknown[]>();
    const port = world.serve(
      {
        ...localhost,
        ...{ caCerts: [authority.cert], requestcert: true },
        alpnProtocols: ["h1"],
      },
      async (skt) => {
        const stream = duplex(skt);
        const certificate = stream.getPeerCertificate();
        seen.resolve([
          ...[stream.encrypted, stream.authorized, stream.alpnProtocol],
          ...[stream.servername, certificate.subject?.CN],
        ]);
        stream.end(`hello ${certificate.subject?.CN}`);
        await world.copas.wait(end(stream.resume()));
      },
    );
    await world.run(async () => {
      const skt = world.client({ ...trust, ...alice, alpnProtocols: ["h1"] });
      await skt.connect("localhost", port);
      const stream = duplex(skt);
      assertEquals(
        [stream.encrypted, stream.authorized, stream.alpnProtocol],
        [true, true, "h1"],
      );
      assertEquals(await world.copas.wait(text(stream)), "hello alice");
      assertEquals(await seen.promise, [
        true,
        true,
        "h1",
        "localhost",
        "alice",
      ]);
    });
    assertEquals(world.errors, []);
  },
);

tlsTest(
  "a client without a certificate is not authorized",
  async ({ localhost, trust }) => {
    const world = new World();
    let authorized: unknown;
    const port = world.serve(localhost, (skt) => {
      const stream = duplex(skt);
      authorized = [stream.encrypted, stream.authorized];
      stream.end("bye");
      return world.copas.wait(end(stream.resume()));
    });
    await world.run(async () => {
      const skt = world.client(trust);
      await skt.connect("localhost", port);
      assertEquals(await skt.receive("*a"), "bye");
      await skt.close();
    });
    assertEquals(authorized, [true, false]);
  },
);

Deno.test("socketof makes a socket of node's a Copas socket: lines, frames, half-close, the end", async () => {
  const world = new World();
  const { copas } = world;
  const port = world.servePlain(copas.handler(async (skt) => {
    await skt.send(`${await skt.receive()}!\n`);
    const frame = await skt.receiveframe();
    await skt.sendframe(frame!);
    assertEquals(await skt.receive(), null);
    await skt.send("the end\n");
  }));
  await world.run(async () => {
    const plain = net.connect(port, "127.0.0.1");
    const skt = socketof(plain, copas, { name: "from node" });
    assertEquals(socketof(plain, copas), skt);
    await skt.send("hello\n");
    assertEquals(await skt.receive(), "hello!");
    assertEquals(skt.getpeername(), ["127.0.0.1", port, "inet"]);
    const large = new Uint8Array(300_000).fill(7);
    await skt.sendframe(large);
    assertEquals((await skt.receiveframe())!.length, large.length);
    await skt.shutdown("send");
    assertEquals(await skt.receive(), "the end");
    assertEquals(await skt.receive(), null);
    await skt.close();
    if (!plain.destroyed) await copas.wait(once(plain, "close"));
  });
  assertEquals(world.errors, []);
});

Deno.test("a stream that breaks off is a ClosedError of its Copas socket", async () => {
  const world = new World();
  const { copas } = world;
  await world.run(async () => {
    const stream = new PassThrough();
    const skt = socketof(stream, copas);
    await skt.send("half a line");
    await skt.flush();
    const line = copas.pcall(() => skt.receive());
    await copas.pause(0.01);
    stream.destroy(new Error("the disk is full"));
    const [, code] = await line;
    assertEquals(code, "closed");
    await skt.close().catch(() => {});
  });
});
