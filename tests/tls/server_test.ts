/**
 * TLS servers: on an accepted plain connection, and on `Deno.listenTls`.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ClosedError, HandshakeError } from "../../src/errors/errors.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { ask, echo, servers, tlsTest, World } from "../fixtures/tls_world.ts";

tlsTest("handler(fn, sslparams) gives fn a socket inside TLS", async (pki) => {
  const world = new World();
  const port = world.serve(pki.localhost);
  await world.run(async () => {
    const skt = await world.client(pki.trust).connect("localhost", port);
    assertEquals(await ask(skt, "hello"), "hello");
    await skt.close();
  });
  assertEquals(world.errors, []);
});

tlsTest(
  "nothing that is sent inside TLS is on the wire in plain text",
  async (pki) => {
    const world = new World();
    const wire: string[] = [];
    const secret = "the secret of the server";
    const handler = world.copas.handler(async (skt: StreamSocket) => {
      await skt.send(secret + "\n");
      await skt.receive();
    }, pki.localhost);
    const port = world.servePlain((conn) => handler(tapped(conn, wire)));
    await world.run(async () => {
      const skt = await world.client(pki.trust).connect("localhost", port);
      assertEquals(await skt.receive(), secret);
      await skt.send("the secret of the client\n");
      assertEquals(await skt.receive(), null);
      await skt.close();
    });
    assert(wire.length > 2, "the wire was watched");
    assert(!wire.join("").includes("secret"));
  },
);

/** The same connection, whose bytes are noted down. */
function tapped(conn: Deno.Conn, wire: string[]): Deno.Conn {
  const { read, write } = conn;
  const decoder = new TextDecoder("latin1");
  conn.read = async (into) => {
    const count = await read.call(conn, into);
    if (count !== null) wire.push(decoder.decode(into.subarray(0, count)));
    return count;
  };
  conn.write = (data) => {
    wire.push(decoder.decode(data));
    return write.call(conn, data);
  };
  return conn;
}

tlsTest(
  "a server on Deno.listenTls gets its handler after the handshake",
  async (pki) => {
    const world = new World();
    const port = world.serveDeno(pki.localhost, async (skt) => {
      assertEquals(skt.getalpn(), "echo");
      assertEquals(skt.getsniname(), null);
      assertEquals(skt.getpeercertificate(), null);
      await echo(skt);
    }, { alpnProtocols: ["echo"] });
    await world.run(async () => {
      const skt = world.client({ ...pki.trust, alpnProtocols: ["echo"] });
      await skt.connect("localhost", port);
      assertEquals(await ask(skt, "hello"), "hello");
      await skt.close();
    });
    assertEquals(world.errors, []);
  },
);

tlsTest(
  "a raw handler on Deno.listenTls runs after the handshake, too",
  async (pki) => {
    const world = new World();
    const { copas } = world;
    const listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      ...pki.localhost,
    });
    let ran = 0;
    copas.addserver(listener, async (conn) => {
      ran++;
      await copas.send(conn, `${await copas.receive(conn)}!\n`);
    });
    const { port } = listener.addr as Deno.NetAddr;
    await world.run(async () => {
      const skt = await world.client(pki.trust).connect("localhost", port);
      assertEquals(await ask(skt, "hello"), "hello!");
      await skt.close();
      // One that never gets as far.
      const bad = world.client({});
      await assertRejects(() => bad.connect("localhost", port), HandshakeError);
      await world.reported(1);
      copas.removeserver(listener);
    });
    assertEquals(ran, 1);
  },
);

tlsTest(
  "a failed handshake is reported with the peer's address, and the handler never runs",
  async (pki) => {
    for (const kind of servers) {
      const world = new World();
      let ran = 0;
      const port = world[kind](pki.localhost, () => ran++);
      let mine = "";
      await world.run(async () => {
        const skt = world.copas.socket.tcp();
        await skt.connect("127.0.0.1", port);
        const [ip, ourPort] = skt.getsockname();
        mine = `${ip}:${ourPort}`;
        await assertRejects(() => skt.dohandshake({}), HandshakeError);
        await world.reported(1);
      });
      assertEquals(ran, 0, kind);
      const [error] = world.errors;
      assertInstanceOf(error, HandshakeError);
      assertEquals(error.code, "handshake");
      assertStringIncludes(
        error.message,
        `Cannot establish TLS with ${mine}: `,
      );
      assertStringIncludes(error.message, "it does not trust our certificate");
      assertInstanceOf(error.cause, Error);
    }
  },
);

tlsTest("a server goes on after a failed handshake", async (pki) => {
  for (const kind of servers) {
    const world = new World();
    const port = world[kind](pki.localhost);
    await world.run(async () => {
      for (let i = 0; i < 3; i++) {
        const bad = world.client({});
        await assertRejects(
          () => bad.connect("localhost", port),
          HandshakeError,
        );
        const good = await world.client(pki.trust).connect("localhost", port);
        assertEquals(await ask(good, "still there"), "still there");
        await good.close();
      }
      await world.reported(3);
    });
    assertEquals(world.errors.length, 3);
  }
});

tlsTest(
  "the end of a TLS stream is null, after everything that came before",
  async (pki) => {
    for (const kind of servers) {
      const world = new World();
      const body = "x".repeat(200_000);
      const port = world[kind](pki.localhost, async (skt) => {
        await skt.send(body);
      });
      await world.run(async () => {
        const skt = await world.client(pki.trust).connect("localhost", port);
        assertEquals((await skt.receive("*a")).length, body.length, kind);
        assertEquals(await skt.receive(), null);
        await skt.close();
      });
      assertEquals(world.errors, []);
    }
  },
);

tlsTest(
  "a half-closed TLS stream still carries the other direction, whichever side closed first",
  async (pki) => {
    for (const kind of servers) {
      for (const own of [{}, pki.alice]) {
        const world = new World();
        let last: unknown;
        const port = world[kind](pki.localhost, async (skt) => {
          const question = await skt.receive(100_000);
          await skt.send(`${question?.length} bytes`);
          await skt.shutdown("send");
          last = await skt.receive("*a");
        });
        await world.run(async () => {
          const skt = world.client({ ...pki.trust, ...own });
          await skt.connect("localhost", port);
          await skt.send("y".repeat(100_000));
          assertEquals(await skt.receive("*a"), "100000 bytes", kind);
          await skt.send("z".repeat(100_000));
          await skt.shutdown("send");
          await assertRejects(() => skt.send("more"), ClosedError);
          assertEquals(await skt.receive(), null);
          await skt.close();
          while (last === undefined) await world.copas.pause(0.001);
        });
        assertEquals(last, "z".repeat(100_000));
        assertEquals(world.errors, []);
      }
    }
  },
);
