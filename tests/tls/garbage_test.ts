/**
 * Bytes within a TLS connection that are no TLS: what a broken or hostile peer,
 * or a device on the way, may send after the handshake.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ClosedError } from "../../src/errors/errors.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { tlsTest, World } from "../fixtures/tls_world.ts";

const GARBAGE = {
  "text": new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
  "a record with a wrong check": new Uint8Array(5 + 64).fill(7)
    .with(0, 23).with(1, 3).with(2, 3).with(3, 0).with(4, 64),
};

/** Hands bytes on both ways, until the test puts other ones in between. */
class Relay implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns: Deno.Conn[] = [];
  readonly #server: Promise<Deno.Conn>;
  readonly #client: Promise<Deno.Conn>;

  constructor(port: number) {
    this.#client = this.#listener.accept().then((conn) => this.#own(conn));
    this.#server = this.#client.then(() =>
      Deno.connect({ hostname: "127.0.0.1", port })
    ).then((conn) => this.#own(conn));
    Promise.all([this.#client, this.#server]).then(([client, server]) =>
      Promise.all([copy(client, server), copy(server, client)])
    ).catch(() => {});
  }

  #own<C extends Deno.Conn>(conn: C): C {
    this.#conns.push(conn);
    return conn;
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async send(whom: "server" | "client", bytes: Uint8Array): Promise<void> {
    const conn = await (whom === "server" ? this.#server : this.#client);
    await conn.write(bytes);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // It has ended already.
      }
    }
  }
}

async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16384);
  for (let count; (count = await from.read(buffer)) !== null;) {
    for (let at = 0; at < count;) {
      at += await to.write(buffer.subarray(at, count));
    }
  }
}

/** Says hello, and waits for more that never comes. */
async function greetAndWait(skt: StreamSocket): Promise<void> {
  await skt.send("hello\n");
  await skt.receive();
}

for (const [what, garbage] of Object.entries(GARBAGE)) {
  for (const kind of ["serve", "serveDeno"] as const) {
    tlsTest(
      `a server's handler whose peer sends ${what} within TLS fails, and that is reported once (${kind})`,
      async (pki) => {
        const world = new World();
        let reached = 0;
        const handler = async (skt: StreamSocket) => {
          await greetAndWait(skt);
          reached++;
        };
        const port = world[kind](pki.localhost, handler);
        await world.run(async () => {
          using relay = new Relay(port);
          const client = world.client(pki.trust);
          await client.connect("localhost", relay.port);
          assertEquals(await client.receive(), "hello");
          await relay.send("server", garbage);
          await world.reported(1);
          // What the server says of it may or may not reach the client.
          await client.receive().catch(() => {});
          await client.close().catch(() => {});
        });
        assertEquals([world.errors.length, reached], [1, 0]);
        assert(world.errors[0] instanceof ClosedError, `${world.errors[0]}`);
        assert(world.errors[0].cause instanceof Error);
      },
    );
  }

  for (const engine of ["Deno's", "Node's"] as const) {
    tlsTest(
      `a client in a handler to which ${what} comes within TLS fails, and the handler's error is reported (${engine} engine)`,
      async (pki) => {
        const world = new World();
        const port = world.serve(pki.localhost, greetAndWait);
        const certificate = engine === "Node's" ? pki.alice : {};
        const relays: Relay[] = [];
        const outer = world.servePlain(world.copas.handler(async () => {
          const relay = new Relay(port);
          relays.push(relay);
          using client = world.client({ ...pki.trust, ...certificate });
          await client.connect("localhost", relay.port);
          assertEquals(await client.receive(), "hello");
          await relay.send("client", garbage);
          await client.receive();
        }));
        await world.run(async () => {
          const skt = await world.copas.socket.connect("127.0.0.1", outer);
          assertEquals(await skt.receive(), null);
          await skt.close();
          for (const relay of relays) relay[Symbol.dispose]();
        });
        // The server hears of it as the end of its own connection, or not at all.
        const [error, ...others] = world.errors;
        assert(error instanceof ClosedError, `${error}`);
        assert(error.message.includes("Cannot receive"), error.message);
        for (const other of others) assert(other instanceof ClosedError);
      },
    );
  }
}
