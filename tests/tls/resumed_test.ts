/**
 * Resumed sessions of clients with certificates, by `openssl s_client`.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import * as tls from "node:tls";
import type { AddressInfo } from "node:net";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import type { SslParams } from "../../src/tls/params.ts";
import { Authority, type Certified } from "../fixtures/certificates.ts";
import { Program } from "../fixtures/program.ts";
import { tlsTest, World } from "../fixtures/tls_world.ts";

const VERSIONS = ["-tls1_2", "-tls1_3"];

/** Answers one line by the client's name, and keeps the connection until the client has it. */
async function tell(skt: StreamSocket): Promise<void> {
  await skt.receive();
  const who = skt.getpeercertificate()?.subject.CN ?? "nobody";
  await skt.send(`hello ${who}\n`);
}

/** A client that keeps its session in a file. */
class Client implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(certified: Certified): Promise<Client> {
    const folder = await Deno.makeTempDir({ prefix: "copas_tls_" });
    await Deno.writeTextFile(`${folder}/cert.pem`, certified.cert);
    await Deno.writeTextFile(`${folder}/key.pem`, certified.key);
    return new Client(folder);
  }

  /** Does a full handshake, and keeps the session. */
  begin(port: number, version: string): Promise<string> {
    const own = ["-cert", "cert.pem", "-key", "key.pem"];
    return this.#hear(port, version, ...own, "-sess_out", "session");
  }

  /** Resumes the session. */
  resume(port: number, version: string): Promise<string> {
    return this.#hear(port, version, "-sess_in", "session");
  }

  async #hear(port: number, ...args: string[]): Promise<string> {
    await using program = new Program([
      ...["openssl", "s_client", "-ign_eof", "-noservername"],
      ...["-connect", `127.0.0.1:${port}`, ...args],
    ], { cwd: this.folder, input: "hi\n" });
    return (await program.ended()).output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** An authority that the servers of the other tests do not trust, and a client of its. */
async function otherAuthority(): Promise<[string, Certified]> {
  const other = await Authority.make("another authority");
  const mallory = await other.issue({ cn: "mallory", usage: "clientAuth" });
  return [other.cert, mallory];
}

function refusedIn(output: string): void {
  assertStringIncludes(output, "Reused, TLSv1", "it did not resume at all");
  assert(!output.includes("hello"), output);
}

for (const requestcert of [true, "optional"] as const) {
  tlsTest(
    `a session of a server that trusts another authority is refused, requestcert ${requestcert}`,
    async (pki) => {
      const [otherCa, certified] = await otherAuthority();
      await using mallory = await Client.make(certified);
      const world = new World();
      const other = world.serve(
        { ...pki.localhost, caCerts: [otherCa], requestcert },
        tell,
      );
      const own = world.serve(
        { ...pki.localhost, ...pki.trust, requestcert },
        tell,
      );
      await world.run(async () => {
        for (const version of VERSIONS) {
          assertStringIncludes(
            await mallory.begin(other, version),
            "hello mallory",
          );
          refusedIn(await mallory.resume(own, version));
        }
        await world.reported(2);
      });
      assertEquals(world.errors.length, 2);
      for (const { message } of world.errors) {
        assertStringIncludes(message, "the peer resumed a session");
      }
    },
  );
}

tlsTest("a client resumes its own session", async (pki) => {
  await using alice = await Client.make(pki.alice);
  const world = new World();
  // A new object each time, as of a function that reads files.
  const port = world.serve(
    () => ({ ...pki.localhost, ...pki.trust, requestcert: true }),
    tell,
  );
  await world.run(async () => {
    for (const version of VERSIONS) {
      assertStringIncludes(await alice.begin(port, version), "hello alice");
      const output = await alice.resume(port, version);
      assertStringIncludes(output, "Reused, TLSv1");
      assertStringIncludes(output, "hello alice");
    }
  });
  assertEquals(world.errors, []);
});

tlsTest(
  "a renewal that takes an authority away takes away its clients' sessions",
  async (pki) => {
    const [otherCa, certified] = await otherAuthority();
    await using mallory = await Client.make(certified);
    const world = new World();
    const before: SslParams = {
      ...pki.localhost,
      caCerts: [otherCa],
      requestcert: true,
    };
    let sslparams = before;
    const port = world.serve(() => sslparams, tell);
    await world.run(async () => {
      for (const version of VERSIONS) {
        sslparams = before;
        assertStringIncludes(
          await mallory.begin(port, version),
          "hello mallory",
        );
        sslparams = { ...before, ...pki.trust };
        refusedIn(await mallory.resume(port, version));
      }
      await world.reported(2);
    });
  },
);

tlsTest(
  "a session of a plain node:tls server in the process lets no client in",
  async (pki) => {
    const [otherCa, certified] = await otherAuthority();
    await using mallory = await Client.make(certified);
    const server = tls.createServer(
      { ...pki.localhost, ca: otherCa, requestCert: true },
      (engine) => {
        engine.on("error", () => {});
        engine.on("data", () => engine.end("hello\n"));
      },
    );
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve())
    );
    const world = new World();
    const demanding = world.serve(
      { ...pki.localhost, ...pki.trust, requestcert: true },
      tell,
    );
    const undemanding = world.serve(pki.localhost, tell);
    await world.run(async () => {
      const { port } = server.address() as AddressInfo;
      for (const version of VERSIONS) {
        for (const name of [demanding, undemanding]) {
          assertStringIncludes(await mallory.begin(port, version), "hello");
          const output = await mallory.resume(name, version);
          if (name === demanding) refusedIn(output);
          else assertStringIncludes(output, "hello nobody");
        }
      }
      await world.reported(2);
    });
    await new Promise((resolve) => server.close(resolve));
  },
);

tlsTest(
  "a session without a certificate is a client without a certificate",
  async (pki) => {
    await using alice = await Client.make(pki.alice);
    const world = new World();
    const open = world.serve(pki.localhost, tell);
    const ports = ([true, "optional"] as const).map((requestcert) =>
      world.serve({ ...pki.localhost, ...pki.trust, requestcert }, tell)
    );
    await world.run(async () => {
      for (const version of VERSIONS) {
        await alice.begin(open, version);
        refusedIn(await alice.resume(ports[0], version));
        await alice.begin(open, version);
        const output = await alice.resume(ports[1], version);
        assertStringIncludes(output, "hello nobody");
      }
      await world.reported(2);
    });
    for (const { message } of world.errors) {
      assertStringIncludes(message, "the peer sent no certificate");
    }
  },
);
