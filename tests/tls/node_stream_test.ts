/**
 * The end of a TLS stream, and what is on the wire: close_notify, truncation,
 * small writes.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClosedError } from "../../src/errors/errors.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { clients, servers, tlsTest, World } from "../fixtures/tls_world.ts";
import { closeQuietly } from "../fixtures/socket_pair.ts";

/** Passes bytes on between a client and a server, and notes them down; it can cut the connection. */
class Wire implements Disposable {
  /** What came in one read, from each side. */
  readonly chunks = { client: [] as Uint8Array[], server: [] as Uint8Array[] };
  readonly port: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns: Deno.Conn[] = [];

  constructor(to: number) {
    this.port = this.#listener.addr.port;
    this.#serve(to);
  }

  async #serve(to: number): Promise<void> {
    const client = await this.#listener.accept();
    const server = await Deno.connect({ hostname: "127.0.0.1", port: to });
    client.setNoDelay(true);
    server.setNoDelay(true);
    this.#conns.push(client, server);
    this.#pass(client, server, this.chunks.client);
    this.#pass(server, client, this.chunks.server);
  }

  async #pass(from: Deno.Conn, to: Deno.Conn, chunks: Uint8Array[]) {
    const into = new Uint8Array(65536);
    try {
      for (let n; (n = await from.read(into)) !== null;) {
        chunks.push(into.slice(0, n));
        await to.write(into.slice(0, n));
      }
      await to.closeWrite();
    } catch {
      // It has been cut.
    }
  }

  /** Closes the connection to both sides, without a word inside TLS. */
  cut(): void {
    this.#conns.forEach(closeQuietly);
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#listener.close();
  }
}

for (const [who, own] of clients) {
  for (const kind of servers) {
    const whom = kind === "serve" ? "a server" : "a server of Deno.listenTls";

    tlsTest(
      `${who} and ${whom} tell a cut stream from one that ended`,
      async (pki) => {
        const world = new World();
        const ends: unknown[] = [];
        const port = world[kind](pki.localhost, async (skt) => {
          await skt.send("hello\n");
          ends.push(await skt.receive("*l").catch((error) => error));
        });
        using wire = new Wire(port);
        await world.run(async () => {
          const skt = world.client({ ...pki.trust, ...own(pki) });
          await skt.connect("localhost", wire.port);
          assertEquals(await skt.receive(), "hello");
          wire.cut();
          const error = await assertRejects(() => skt.receive(), ClosedError);
          assert(
            /the peer (vanished|reset)/.test(error.message),
            error.message,
          );
          await skt.close();
          // Not cut this time.
          const other = world.client({ ...pki.trust, ...own(pki) });
          await other.connect("localhost", port);
          assertEquals(await other.receive(), "hello");
          await other.close();
          while (ends.length < 2) await world.copas.pause(0.001);
        });
        assert(ends[0] instanceof ClosedError, String(ends[0]));
        assertEquals(ends[1], null);
      },
    );

    tlsTest(
      `${who} and ${whom} send close_notify when they close`,
      async (pki) => {
        const world = new World();
        const port = world[kind](pki.localhost, async (skt) => {
          await skt.send("last words\n");
          await skt.close();
        });
        await world.run(async () => {
          const skt = world.client({ ...pki.trust, ...own(pki) });
          await skt.connect("localhost", port);
          assertEquals(await skt.receive(), "last words");
          // Without close_notify this would be an error.
          assertEquals(await skt.receive(), null);
          assertEquals(await skt.receive("*a"), "");
          await skt.close();
        });
        assertEquals(world.errors, []);
      },
    );

    tlsTest(
      `${who} and ${whom}: what is sent in one turn is one record, and no small write waits for another`,
      async (pki) => {
        const world = new World();
        const port = world[kind](pki.localhost, async (skt) => {
          while (await skt.receive() !== null) {
            await skt.receive();
            await skt.send("one\n");
            await skt.send("two\n");
          }
        });
        using wire = new Wire(port);
        await world.run(async () => {
          const skt = world.client({ ...pki.trust, ...own(pki) });
          await skt.connect("localhost", wire.port);
          await exchange(skt);
          const { client, server } = wire.chunks;
          const before = [client.length, server.length];
          for (let i = 1; i < 5; i++) await exchange(skt);
          // Each side's two lines are one piece on the wire.
          assertEquals(
            [client.length, server.length],
            before.map((n) => n + 4),
          );
          for (const chunk of [...client.slice(-4), ...server.slice(-4)]) {
            assertEquals(records(chunk), 1);
          }
          await skt.close();
        });
      },
    );
  }
}

async function exchange(skt: StreamSocket): Promise<void> {
  await skt.send("one\n");
  await skt.send("two\n");
  assertEquals([await skt.receive(), await skt.receive()], ["one", "two"]);
}

/** How many TLS records there are in a piece of the wire. */
function records(chunk: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < chunk.length; count++) {
    at += 5 + (chunk[at + 3] << 8 | chunk[at + 4]);
  }
  return count;
}

tlsTest(
  "TCP_NODELAY is on before TLS has the connection, on either side",
  async (pki) => {
    const world = new World();
    const order: string[] = [];
    const watch = (conn: Deno.TcpConn, whose: string) => {
      const { setNoDelay, write } = conn;
      conn.setNoDelay = (on) => {
        order.push(`${whose} nodelay ${on}`);
        setNoDelay.call(conn, on);
      };
      conn.write = (data) => {
        order.push(`${whose} writes`);
        return write.call(conn, data);
      };
      return conn;
    };
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { accept } = listener;
    listener.accept = async () => watch(await accept.call(listener), "server");
    world.copas.addserver(
      listener,
      world.copas.handler((skt) => skt.send("hello\n"), pki.localhost),
    );
    const { connect, startTls } = Deno;
    // deno-lint-ignore no-explicit-any
    const deno = Deno as any;
    deno.connect = async (options: Deno.ConnectOptions) =>
      watch(await connect(options), "client");
    deno.startTls = (conn: Deno.TcpConn, options: Deno.StartTlsOptions) => {
      order.push("client startTls");
      return startTls(conn, options);
    };
    try {
      await world.run(async () => {
        for (const [, own] of clients) {
          const skt = world.client({ ...pki.trust, ...own(pki) });
          await skt.connect("localhost", listener.addr.port);
          assertEquals(await skt.receive(), "hello");
          await skt.close();
        }
        world.copas.removeserver(listener);
      });
    } finally {
      Object.assign(deno, { connect, startTls });
    }
    for (const whose of ["server", "client"]) {
      const own = order.filter((event) => event.startsWith(whose));
      assertEquals(own[0], `${whose} nodelay true`, order.join(", "));
      assert(own.length > 1);
    }
    assert(order.includes("client startTls"));
  },
);

tlsTest(
  "a TLS socket that is not read leaves the bytes with the kernel",
  async (pki) => {
    const world = new World();
    const gate = Promise.withResolvers<void>();
    let reads = 0;
    const handler = world.copas.handler(async (skt: StreamSocket) => {
      const before = reads;
      await world.copas.wait(gate.promise);
      assertEquals(
        reads - before <= 1,
        true,
        "at most the read of the handshake",
      );
      assertEquals((await skt.receive("*a")).length, 5_000_000);
    }, pki.localhost);
    const port = world.servePlain((conn) => {
      const { read } = conn;
      conn.read = (into) => {
        reads++;
        return read.call(conn, into);
      };
      return handler(conn);
    });
    await world.run(async () => {
      const skt = world.client(pki.trust);
      await skt.connect("localhost", port);
      const sending = skt.send("z".repeat(5_000_000));
      for (let i = 0; i < 50; i++) await world.copas.pause();
      gate.resolve();
      await sending;
      await skt.close();
    });
    assertEquals(world.errors, []);
  },
);

for (const [who, own] of clients) {
  for (const kind of servers) {
    const whom = kind === "serve" ? "a server" : "a server of Deno.listenTls";

    tlsTest(
      `abort() sends no close_notify where node:tls does the TLS: ${who} and ${whom}`,
      async (pki) => {
        for (const aborter of ["client", "server"]) {
          const world = new World();
          const ends: unknown[] = [];
          /** Aborts, or hears how the other side does. */
          const end = async (skt: StreamSocket, side: string) => {
            if (side === aborter) return skt.abort();
            ends.push(await skt.receive("*a").catch((error) => error));
            await skt.close();
          };
          const port = world[kind](pki.localhost, async (skt) => {
            await skt.send("hello\n");
            if (await skt.receive() === "ready") await end(skt, "server");
          });
          await world.run(async () => {
            const skt = world.client({ ...pki.trust, ...own(pki) });
            await skt.connect("localhost", port);
            assertEquals(await skt.receive(), "hello");
            await skt.send("ready\n");
            await skt.flush();
            await end(skt, "client");
            while (ends.length < 1) await world.copas.pause(0.001);
          });
          // Deno's own TLS can't be kept from saying it (2.9.6).
          const hasOwn = own(pki).cert !== undefined;
          const isNode = aborter === "server" ? kind === "serve" : hasOwn;
          if (isNode) assert(ends[0] instanceof ClosedError, aborter);
          else assertEquals(ends[0], "", aborter);
        }
      },
    );
  }
}
