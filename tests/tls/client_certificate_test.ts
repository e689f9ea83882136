/**
 * Client certificates: servers that ask for them, and clients that have one.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import type { SslParams } from "../../src/tls/params.ts";
import { Authority, selfSigned } from "../fixtures/certificates.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { type Certificates, tlsTest, World } from "../fixtures/tls_world.ts";

/** Greets the client by its certificate's name. */
async function greet(skt: StreamSocket): Promise<void> {
  const { subject } = skt.getpeercertificate() ?? { subject: { CN: "nobody" } };
  await skt.send(`hello ${subject.CN}\n`);
}

/**
 * What a client hears from a server. In TLS 1.3 it learns only after its own
 * handshake that the server did not want it.
 */
async function hear(
  world: World,
  port: number,
  sslparams: SslParams,
): Promise<string | null> {
  const skt = world.client(sslparams);
  try {
    await skt.connect("localhost", port);
    return await skt.receive();
  } catch {
    return "refused";
  } finally {
    await skt.close();
  }
}

async function demanding(
  pki: Certificates,
  requestcert: true | "optional",
): Promise<SslParams[]> {
  const demands = { ...pki.trust, requestcert };
  const names = "DNS:localhost";
  const sni = { localhost: await pki.authority.issue({ cn: "l", names }) };
  // One certificate, or one by name: both must ask.
  return [{ ...pki.localhost, ...demands }, { sni, ...demands }];
}

tlsTest("a server that demands a certificate sees whose it is", async (pki) => {
  for (const params of await demanding(pki, true)) {
    const world = new World();
    const port = world.serve(params, greet);
    await world.run(async () => {
      const alice = { ...pki.trust, ...pki.alice };
      assertEquals(await hear(world, port, alice), "hello alice");
    });
    assertEquals(world.errors, []);
  }
});

tlsTest(
  "a server that demands a certificate refuses every other client",
  async (pki) => {
    const { authority } = pki;
    const expired = await authority.issue({
      cn: "old",
      usage: "clientAuth",
      days: -1,
    });
    const server = await authority.issue({ cn: "server", usage: "serverAuth" });
    for (const params of await demanding(pki, true)) {
      const world = new World();
      let ran = 0;
      const port = world.serve(params, () => ran++);
      await world.run(async () => {
        for (const own of [{}, pki.mallory, expired, server]) {
          assertEquals(
            await hear(world, port, { ...pki.trust, ...own }),
            "refused",
          );
        }
        await world.reported(4);
      });
      assertEquals(ran, 0);
      const reasons = [
        "the peer sent no certificate, and requestcert asks",
        "not from an authority that is trusted",
        "has expired",
        "not from an authority that is trusted",
      ];
      reasons.forEach((reason, i) =>
        assertStringIncludes(world.errors[i].message, reason)
      );
    }
  },
);

tlsTest(
  "a server with requestcert optional takes a client without, and refuses one with a bad certificate",
  async (pki) => {
    for (const params of await demanding(pki, "optional")) {
      const world = new World();
      const port = world.serve(params, greet);
      await world.run(async () => {
        const heard: (string | null)[] = [];
        for (const own of [{}, pki.alice, pki.mallory]) {
          heard.push(await hear(world, port, { ...pki.trust, ...own }));
        }
        assertEquals(heard, ["hello nobody", "hello alice", "refused"]);
        await world.reported(1);
      });
      assertStringIncludes(world.errors[0].message, "not from an authority");
    }
  },
);

tlsTest(
  "a server that does not ask knows nothing of a client's certificate",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost, greet);
    await world.run(async () => {
      const alice = { ...pki.trust, ...pki.alice };
      assertEquals(await hear(world, port, alice), "hello nobody");
    });
  },
);

tlsTest(
  "a peer's certificate tells subject, issuer, names, times and bytes",
  async (pki) => {
    const world = new World();
    const port = world.serve(pki.localhost);
    await world.run(async () => {
      const skt = world.client({ ...pki.trust, ...pki.alice });
      await skt.connect("localhost", port);
      const certificate = skt.getpeercertificate()!;
      assertEquals(certificate.subject, { CN: "localhost" });
      assertEquals(certificate.issuer, { CN: "Copas test authority" });
      assertEquals(
        certificate.subjectaltname,
        "DNS:localhost, IP Address:127.0.0.1",
      );
      assert(certificate.validfrom <= new Date());
      assert(certificate.validto > new Date());
      assert(/^[0-9A-F]+$/i.test(certificate.serialnumber));
      const digest = await crypto.subtle.digest("SHA-256", certificate.raw);
      assertEquals(
        certificate.fingerprint256,
        [...new Uint8Array(digest)]
          .map((byte) => byte.toString(16).padStart(2, "0").toUpperCase())
          .join(":"),
      );
      await skt.close();
    });
  },
);

tlsTest(
  "Deno.startTls still ignores a client certificate: why such a client is not Deno's",
  async (pki) => {
    const world = new World();
    const demands = {
      ...pki.localhost,
      ...pki.trust,
      requestcert: "optional" as const,
    };
    const port = world.serve(demands, greet);
    await world.run(async () => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      const options = { hostname: "localhost", ...pki.trust, ...pki.alice };
      const skt = world.copas.wrap(await Deno.startTls(conn, options));
      assertEquals(await skt.receive(), "hello nobody");
      await skt.close();
    });
  },
);

tlsTest(
  "a client that is refused for its certificate finds the stream cut, not ended",
  async (pki) => {
    const [params] = await demanding(pki, true);
    const world = new World();
    const port = world.serve(params);
    await world.run(async () => {
      const skt = world.client({ ...pki.trust, ...pki.mallory });
      await assertRejects(async () => {
        await skt.connect("localhost", port);
        await skt.receive();
      });
      await skt.close();
      await world.reported(1);
    });
  },
);

tlsTest(
  "a self-signed certificate of an authority is refused with or without a certificate of the client's",
  async (pki) => {
    const world = new World();
    const server = await selfSigned("localhost", "DNS:localhost", true);
    const port = world.serve(server);
    await world.run(async () => {
      for (const own of [{}, pki.alice]) {
        const skt = world.client({ caCerts: [server.cert], ...own });
        const error = await assertRejects(() =>
          skt.connect("localhost", port, { timeout: 10 })
        );
        const { message } = error as Error;
        assertStringIncludes(message, "is an authority's own (CA:TRUE");
        assertStringIncludes(
          message,
          "openssl req -x509 … -addext basicConstraints=critical,CA:FALSE",
        );
      }
    });
  },
);

tlsTest(
  "a client with a certificate and authorities of its own needs no permission but for the address, and trusts those of --cert as well",
  async (pki) => {
    const elsewhere = await Authority.make("Another authority");
    const names = "DNS:localhost";
    const other = await elsewhere.issue({ cn: "other", names });
    const file = await Deno.makeTempFile({ suffix: ".pem" });
    try {
      await Deno.writeTextFile(file, elsewhere.cert);
      const { stdout, stderr } = await runScript(
        `import copas from "{mod}";
         const ask = { requestcert: true, caCerts: ${
          JSON.stringify(pki.trust.caCerts)
        } };
         for (const own of ${JSON.stringify([pki.localhost, other])}) {
           const server = copas.socket.bind("127.0.0.1", 0);
           copas.addserver(server, copas.handler(async (skt) => {
             await skt.send(skt.getpeercertificate().subject.CN + "\\n");
           }, { ...own, ...ask }));
           await copas.loop(async () => {
             const skt = copas.wrap(copas.socket.tcp(), ${
          JSON.stringify({ ...pki.alice, ...pki.trust })
        });
             await skt.connect("localhost", server.addr.port);
             console.log(await skt.receive());
             await skt.close();
             copas.removeserver(server);
           });
         }`,
        ["--allow-net=127.0.0.1,localhost", `--cert=${file}`],
      );
      assertEquals([stdout, stderr], ["alice\nalice\n", ""]);
    } finally {
      await Deno.remove(file);
    }
  },
);
