/**
 * What a TLS socket tells of itself, and calls that make no sense on it.
 *
 * @module
 */

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { HandshakeError } from "../../src/errors/errors.ts";
import { ask, tlsTest, World } from "../fixtures/tls_world.ts";

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

tlsTest(
  "a failed handshake leaves the counts of the plain text before it",
  async (pki) => {
    for (const own of [{}, pki.alice]) {
      const world = new World();
      const { copas } = world;
      let served: number[] = [];
      const port = world.servePlain(copas.handler(async (skt) => {
        await skt.receive();
        await skt.send("go ahead\n");
        await skt.dohandshake(pki.localhost).catch(() => {});
        served = skt.getstats().slice(0, 2);
      }));
      await world.run(async () => {
        const skt = await copas.socket.connect("localhost", port);
        await skt.send("STARTTLS\n");
        assertEquals(await skt.receive(), "go ahead");
        // Without the authority: it fails on both sides.
        await assertRejects(() => skt.dohandshake({ ...own }), HandshakeError);
        assertEquals(skt.getstats().slice(0, 2), [9, 9]);
        assertEquals(skt.closed, true);
        while (served.length === 0) await copas.pause(0.001);
        const never = world.client({ ...own });
        await assertRejects(
          () => never.connect("localhost", world.serve(pki.localhost)),
          HandshakeError,
        );
        assertEquals(never.getstats().slice(0, 2), [0, 0]);
      });
      assertEquals(served, [9, 9]);
    }
  },
);
