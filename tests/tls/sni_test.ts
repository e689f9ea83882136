/**
 * Servers with several certificates, and certificates that are renewed.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { HandshakeError } from "../../src/errors/errors.ts";
import type { SslParams } from "../../src/tls/params.ts";
import {
  ask,
  type Certificates,
  tlsTest,
  World,
} from "../fixtures/tls_world.ts";

/** Certificates for two names and a wildcard. */
async function named(
  pki: Certificates,
): Promise<NonNullable<SslParams["sni"]>> {
  const issue = (name: string) =>
    pki.authority.issue({ cn: name, names: `DNS:${name}` });
  return {
    "a.example": await issue("a.example"),
    "b.example": await issue("b.example"),
    "*.c.example": await issue("*.c.example"),
  };
}

/** Whether a client that asks for `servername` gets in; the client verifies the name. */
async function getsIn(
  world: World,
  pki: Certificates,
  port: number,
  servername: string,
): Promise<boolean> {
  const skt = world.client({ ...pki.trust, servername });
  try {
    await skt.connect("127.0.0.1", port);
    assertEquals(await ask(skt, servername), servername);
    return true;
  } catch (error) {
    if (error instanceof HandshakeError) return false;
    throw error;
  } finally {
    await skt.close();
  }
}

tlsTest(
  "a server has a certificate for each name, one for a wildcard, and a default",
  async (pki) => {
    const world = new World();
    const names: unknown[] = [];
    const port = world.serve(
      { ...pki.localhost, sni: await named(pki) },
      async (skt) => {
        names.push(skt.getsniname());
        await skt.send(`${await skt.receive()}\n`);
      },
    );
    await world.run(async () => {
      const asked = [
        "a.example",
        "b.example",
        "x.c.example",
        "localhost",
        "127.0.0.1",
      ];
      for (const name of asked) {
        assertEquals(await getsIn(world, pki, port, name), true, name);
      }
      // These get the default, which is not for them.
      for (const name of ["y.x.c.example", "c.example", "other.example"]) {
        assertEquals(await getsIn(world, pki, port, name), false, name);
      }
      assertEquals(names, [
        "a.example",
        "b.example",
        "x.c.example",
        "localhost",
        null,
      ]);
      await world.reported(3);
    });
  },
);

tlsTest(
  "strict refuses a name that is not in sni, and says so to both sides",
  async (pki) => {
    const world = new World();
    const sni = await named(pki);
    const strict = world.serve({ ...pki.localhost, sni, strict: true });
    const nodefault = world.serve({ sni });
    await world.run(async () => {
      for (const port of [strict, nodefault]) {
        assertEquals(await getsIn(world, pki, port, "a.example"), true);
        const skt = world.client({ ...pki.trust, servername: "localhost" });
        const error = await assertRejects(
          () => skt.connect("127.0.0.1", port),
          HandshakeError,
        );
        assertStringIncludes(error.message, "it does not know the server name");
      }
      // A client without a name gets the default, if there is one.
      assertEquals(await getsIn(world, pki, strict, "127.0.0.1"), true);
      assertEquals(await getsIn(world, pki, nodefault, "127.0.0.1"), false);
      await world.reported(3);
    });
    assertStringIncludes(
      world.errors[0].message,
      'no certificate in sni for that name (the client asks for "localhost")',
    );
    assertStringIncludes(
      world.errors[2].message,
      "no certificate in sni for that name (the client asks for no name)",
    );
  },
);

tlsTest(
  "a renewed certificate serves the next handshake, and open connections go on",
  async (pki) => {
    const first = await pki.authority.issue({
      cn: "1",
      names: "DNS:first.example",
    });
    const second = await pki.authority.issue({
      cn: "2",
      names: "DNS:second.example",
    });
    const world = new World();
    let calls = 0;
    let current = first;
    const port = world.serve(async () => {
      calls++;
      await Promise.resolve();
      return current;
    });
    await world.run(async () => {
      const skt = world.client({ ...pki.trust, servername: "first.example" });
      await skt.connect("127.0.0.1", port);
      assertEquals(await ask(skt, "one"), "one");
      current = second;
      assertEquals(await getsIn(world, pki, port, "first.example"), false);
      assertEquals(await getsIn(world, pki, port, "second.example"), true);
      assertEquals(await ask(skt, "two"), "two");
      await skt.close();
      await world.reported(1);
    });
    assertEquals(calls, 3);
  },
);

tlsTest(
  "a function for sslparams that fails, or gives nonsense, fails that handshake only",
  async (pki) => {
    const world = new World();
    const answers: (() => SslParams)[] = [
      () => {
        throw new Error("the disk is gone");
      },
      () => ({ cert: "cert.pem", key: "key.pem" }),
      () => pki.localhost,
    ];
    const port = world.serve(() => answers.shift()!());
    await world.run(async () => {
      assertEquals(await getsIn(world, pki, port, "localhost"), false);
      assertEquals(await getsIn(world, pki, port, "localhost"), false);
      assertEquals(await getsIn(world, pki, port, "localhost"), true);
      await world.reported(2);
    });
    const [failed, nonsense] = world.errors;
    assertStringIncludes(failed.message, "the disk is gone");
    assertStringIncludes(
      nonsense.message,
      "sslparams: cert must be a certificate in PEM",
    );
    assertEquals([failed.name, nonsense.name], [
      "HandshakeError",
      "HandshakeError",
    ]);
  },
);

tlsTest(
  "a client's function for sslparams is called for each connect",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost);
    let calls = 0;
    const source = () => {
      calls++;
      return { ...pki.trust };
    };
    await world.run(async () => {
      for (let i = 0; i < 2; i++) {
        const skt = await world.client(source).connect("localhost", port);
        assertEquals(await ask(skt, "hello"), "hello");
        await skt.close();
      }
    });
    assertEquals(calls, 2);
  },
);
