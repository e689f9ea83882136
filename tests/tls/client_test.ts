/**
 * TLS clients: what they verify, and that there is no way around it.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { HandshakeError } from "../../src/errors/errors.ts";
import {
  ask,
  clients,
  servers,
  tlsTest,
  World,
} from "../fixtures/tls_world.ts";

for (const [who, own] of clients) {
  tlsTest(
    `${who} trusts an authority in caCerts, by name and by address`,
    async (pki) => {
      const world = new World();
      const port = world.serve(pki.localhost);
      await world.run(async () => {
        for (const host of ["localhost", "127.0.0.1"]) {
          const skt = world.client({ ...pki.trust, ...own(pki) });
          assertEquals(await skt.connect(host, port), skt);
          assertEquals(await ask(skt, host), host);
          assertEquals(skt.getsniname(), host === "localhost" ? host : null);
          await skt.close();
        }
      });
    },
  );

  tlsTest(
    `${who} knows the name after servername, not after the host`,
    async (pki) => {
      const named = await pki.authority.issue({
        cn: "x",
        names: "DNS:a.example",
      });
      const world = new World();
      const names: unknown[] = [];
      const port = world.serve(named, (skt) => names.push(skt.getsniname()));
      await world.run(async () => {
        const params = { ...pki.trust, ...own(pki), servername: "a.example." };
        const skt = world.client(params);
        await skt.connect("127.0.0.1", port);
        assertEquals(skt.getsniname(), "a.example");
        assertEquals(await skt.receive(), null);
        await skt.close();
      });
      assertEquals(names, ["a.example"]);
    },
  );

  tlsTest(`${who} agrees on a protocol, the server's best`, async (pki) => {
    for (const kind of servers) {
      const world = new World();
      const agreed: unknown[] = [];
      const handler = (skt: { getalpn(): string | null }) =>
        agreed.push(skt.getalpn());
      const port = kind === "serve"
        ? world.serve(
          { ...pki.localhost, alpnProtocols: ["two", "one"] },
          handler,
        )
        : world.serveDeno(pki.localhost, handler, {
          alpnProtocols: ["two", "one"],
        });
      await world.run(async () => {
        for (const alpnProtocols of [["one", "two"], ["one"], undefined]) {
          const skt = world.client({
            ...pki.trust,
            ...own(pki),
            alpnProtocols,
          });
          await skt.connect("localhost", port);
          assertEquals(await skt.receive(), null);
          assertEquals(skt.getalpn(), agreed.at(-1));
          await skt.close();
        }
        const skt = world.client({
          ...pki.trust,
          ...own(pki),
          alpnProtocols: ["three"],
        });
        const error = await assertRejects(
          () => skt.connect("localhost", port),
          HandshakeError,
        );
        assertStringIncludes(
          error.message,
          "it speaks no protocol of alpnProtocols",
        );
        await world.reported(1);
      });
      assertEquals(agreed, ["two", "one", null]);
      assertStringIncludes(
        world.errors[0].message,
        "both sides have no protocol of alpnProtocols in common",
      );
    }
  });
}

tlsTest(
  "a client trusts a certificate that vouches for itself when that is in caCerts",
  async () => {
    const { selfSigned } = await import("../fixtures/certificates.ts");
    const own = await selfSigned("localhost", "DNS:localhost");
    const world = new World();
    const port = world.serve(own);
    await world.run(async () => {
      const skt = world.client({ caCerts: [own.cert] });
      await skt.connect("localhost", port);
      assertEquals(await ask(skt, "hello"), "hello");
      await skt.close();
    });
  },
);

tlsTest(
  "a key that is not the certificate's is told at once, without showing it",
  async (pki) => {
    const world = new World();
    const mixed = { cert: pki.localhost.cert, key: pki.alice.key };
    let ran = 0;
    const port = world.serve(mixed, () => ran++);
    const other = world.serve(pki.localhost);
    await world.run(async () => {
      await assertRejects(
        () => world.client(pki.trust).connect("localhost", port),
        HandshakeError,
      );
      await assertRejects(
        () =>
          world.client({ ...pki.trust, ...mixed }).connect("localhost", other),
        HandshakeError,
        "our key is of no use; give the private key of cert, in PEM, not encrypted (the key is not that of the certificate)",
      );
      await world.reported(2);
    });
    assertEquals(ran, 0);
    const shown = Deno.inspect(world.errors, { depth: 10 });
    assertStringIncludes(shown, "the key is not that of the certificate");
    const secret = mixed.key.split("\n")[1].slice(0, 20);
    assert(!shown.includes(secret), "the key is shown");
  },
);

tlsTest(
  "a key that can't be read is told at once, without showing it",
  async (pki) => {
    const world = new World();
    const key = pki.localhost.key.replace(/\n.{30}/, "\n" + "A".repeat(30));
    const port = world.serve({ cert: pki.localhost.cert, key });
    await world.run(async () => {
      await assertRejects(
        () => world.client(pki.trust).connect("localhost", port),
        HandshakeError,
      );
      await world.reported(1);
    });
    const shown = Deno.inspect(world.errors, { depth: 10 });
    assertStringIncludes(
      shown,
      "our key is of no use; give the private key of cert, in PEM, not encrypted (the key can't be read)",
    );
    assert(!shown.includes(key.split("\n")[1]), "the key is shown");
  },
);

tlsTest(
  "wrap(conn, sslparams) and dohandshake secure a connection of Deno's",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost);
    await world.run(async () => {
      const { copas } = world;
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      const skt = copas.wrap(conn, pki.trust);
      // Its name is the address: no other one was given.
      assertEquals(await copas.dohandshake(conn), skt);
      await copas.send(conn, "hello\n");
      assertEquals(await copas.receive(conn), "hello");
      await copas.close(conn);
      const other = copas.wrap(
        await Deno.connect({ hostname: "127.0.0.1", port }),
      );
      const params = { ...pki.trust, servername: "localhost" };
      assertEquals(await other.dohandshake(params), other);
      assertEquals(await ask(other, "hello"), "hello");
      await other.close();
    });
  },
);

tlsTest(
  "a connection of Deno.connectTls works, and dohandshake awaits its handshake",
  async (pki) => {
    const world = new World();
    const port = world.serve({ ...pki.localhost, alpnProtocols: ["x"] });
    await world.run(async () => {
      const connect = (caCerts: string[]) =>
        Deno.connectTls({
          hostname: "localhost",
          port,
          caCerts,
          alpnProtocols: ["x"],
        });
      const skt = world.copas.wrap(await connect(pki.trust.caCerts));
      assertEquals(await (await skt.dohandshake()).dohandshake(), skt);
      assertEquals(skt.getalpn(), "x");
      assertEquals(await ask(skt, "hello"), "hello");
      await skt.close();
      const bad = world.copas.wrap(await connect([]));
      await assertRejects(() => bad.dohandshake(), HandshakeError, "authority");
      assertEquals(bad.closed, true);
      await world.reported(1);
    });
  },
);

tlsTest("TLS runs over a Unix socket, too", async (pki) => {
  const world = new World();
  const { copas } = world;
  const folder = await Deno.makeTempDir();
  const path = `${folder}/s`;
  const listener = Deno.listen({ transport: "unix", path });
  copas.addserver(
    listener as unknown as Deno.Listener,
    copas.handler(async (skt) => {
      await skt.send(`${await skt.receive()}!\n`);
    }, pki.localhost),
  );
  try {
    await world.run(async () => {
      const connect = () => Deno.connect({ transport: "unix", path });
      const skt = copas.wrap(await connect());
      await skt.dohandshake({ ...pki.trust, servername: "localhost" });
      assertEquals(await ask(skt, "hello"), "hello!");
      await skt.close();
      // There is no name to verify but one that is given.
      await assertRejects(
        async () => copas.wrap(await connect()).dohandshake(pki.trust),
        HandshakeError,
        "give servername in sslparams",
      );
      await world.reported(1);
      copas.removeserver(listener as unknown as Deno.Listener);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
