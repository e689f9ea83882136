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
  assertThrows,
} from "@std/assert";
import { ClosedError, HandshakeError } from "../../src/errors.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { ask, echo, tlsTest, World } from "../fixtures/tls_world.ts";

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
    for (const kind of ["serve", "serveDeno"] as const) {
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
  for (const kind of ["serve", "serveDeno"] as const) {
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
    for (const kind of ["serve", "serveDeno"] as const) {
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
  "a half-closed TLS stream still carries the other direction, whoever closed first",
  async (pki) => {
    for (const kind of ["serve", "serveDeno"] as const) {
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

tlsTest("a TLS socket counts the bytes of the application", async (pki) => {
  const world = new World();
  let stats: number[] = [];
  const port = world.serve(pki.localhost, async (skt) => {
    await skt.receive();
    await skt.send("12345");
    await skt.flush();
    stats = skt.getstats().slice(0, 2);
  });
  await world.run(async () => {
    const skt = await world.client(pki.trust).connect("localhost", port);
    await skt.send("123\n");
    assertEquals(await skt.receive("*a"), "12345");
    assertEquals(skt.getstats().slice(0, 2), [5, 4]);
    await skt.close();
  });
  assertEquals(stats, [4, 5]);
});

tlsTest(
  "addresses and options of a TLS socket are those of its connection",
  async (pki) => {
    const world = new World();
    let peer: unknown[] = [];
    const port = world.serve(pki.localhost, (skt) => {
      peer = skt.getpeername();
      skt.setoption("keepalive", true);
    });
    await world.run(async () => {
      const skt = await world.client(pki.trust).connect("localhost", port);
      assertEquals(skt.getpeername(), ["127.0.0.1", port, "inet"]);
      const mine = skt.getsockname();
      // Deno has no way to set it after its own handshake.
      assertThrows(
        () => skt.setoption("keepalive", true),
        Deno.errors.NotSupported,
      );
      assertEquals(await skt.receive(), null);
      await skt.close();
      assertEquals(peer, mine);
    });
    assertEquals(world.errors, []);
  },
);

tlsTest(
  "sslparams for a connection that has TLS of Deno's own are refused, not ignored",
  async (pki) => {
    const world = new World();
    const { copas } = world;
    const listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      ...pki.localhost,
    });
    let ran = 0;
    const demanding = { ...pki.localhost, ...pki.trust, requestcert: true };
    copas.addserver(listener, copas.handler(() => ran++, demanding));
    const { port } = listener.addr as Deno.NetAddr;
    await world.run(async () => {
      const skt = await world.client(pki.trust).connect("localhost", port);
      assertEquals(await skt.receive(), null);
      await skt.close();
      copas.removeserver(listener);
    });
    assertEquals(ran, 0);
    assertInstanceOf(world.errors[0], TypeError);
    assertStringIncludes(world.errors[0].message, "has TLS of Deno's own");
  },
);

tlsTest("a socket without TLS says so when it is asked about TLS", async () => {
  const world = new World();
  const port = world.servePlain((conn) => world.copas.receive(conn));
  await world.run(async () => {
    const skt = await world.copas.socket.connect("127.0.0.1", port);
    for (
      const name of ["getalpn", "getsniname", "getpeercertificate"] as const
    ) {
      assertThrows(() => skt[name](), Deno.errors.NotSupported, "has no TLS");
    }
    await assertRejects(
      () => skt.dohandshake(),
      TypeError,
      "has no sslparams; give them here or to copas.wrap()",
    );
    // Nothing has been changed: it still speaks plain text.
    await skt.send("plain\n");
    assertEquals(await skt.receive(), null);
    await skt.close();
  });
});

tlsTest(
  "a second dohandshake finds TLS done; other sslparams are refused then",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost);
    await world.run(async () => {
      const skt = await world.client(pki.trust).connect("localhost", port);
      assertEquals(await skt.dohandshake(), skt);
      await assertRejects(
        () => skt.dohandshake({}),
        TypeError,
        "has TLS already",
      );
      assertThrows(
        () => world.copas.wrap(skt, {}),
        TypeError,
        "has TLS already",
      );
      assertEquals(await ask(skt, "hello"), "hello");
      await skt.close();
    });
  },
);

tlsTest("handler() with sslparams refuses a datagram socket", async (pki) => {
  const world = new World();
  const handler = world.copas.handler(() => {}, pki.localhost);
  const skt = world.copas.socket.udp();
  await assertRejects(
    async () => await handler(skt as unknown as Deno.Conn),
    TypeError,
    "a datagram socket has no TLS",
  );
});

tlsTest(
  "options of dohandshake are checked before anything happens",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost);
    await world.run(async () => {
      const skt = await world.copas.socket.connect("localhost", port);
      const wrong = { timeout: "5" } as unknown as { timeout: number };
      await assertRejects(
        () => skt.dohandshake(pki.trust, wrong),
        TypeError,
        "dohandshake(): the timeout must be a number of seconds",
      );
      await skt.dohandshake(pki.trust, { timeout: -1 });
      assertEquals(await ask(skt, "hello"), "hello");
      await skt.close();
    });
  },
);
