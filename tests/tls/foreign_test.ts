/**
 * Our TLS beside that of others: openssl and curl.
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
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { CertificateFiles } from "../fixtures/certificate_files.ts";
import { ask, servers, tlsTest, World } from "../fixtures/tls_world.ts";
import { Program } from "../fixtures/program.ts";
import { isInstalled } from "../fixtures/socket_child.ts";

const hasCurl = await isInstalled("curl");

/** Answers one line, with what was agreed. */
async function tell(skt: StreamSocket): Promise<void> {
  const line = await skt.receive();
  const who = skt.getpeercertificate()?.subject.CN ?? "nobody";
  await skt.send(`${line} ${skt.getsniname()} ${skt.getalpn()} ${who}\n`);
}

/** What `openssl s_client` hears from a server when it says hello. */
async function client(
  cwd: string,
  port: number,
  ...args: string[]
): Promise<{ output: string; code: number }> {
  await using program = new Program([
    ...["openssl", "s_client", "-quiet", "-CAfile", "ca.pem"],
    ...["-verify_return_error", "-connect", `127.0.0.1:${port}`, ...args],
  ], { cwd, input: "hello\n" });
  return await program.ended();
}

tlsTest(
  "openssl s_client gets names, protocols and certificates from our server, in TLS 1.2 and 1.3",
  async (pki) => {
    await using files = await CertificateFiles.make(pki);
    const world = new World();
    const names = "DNS:a.example";
    const port = world.serve({
      ...pki.localhost,
      ...pki.trust,
      sni: { "a.example": await pki.authority.issue({ cn: "a", names }) },
      alpnProtocols: ["two", "one"],
      requestcert: "optional",
    }, tell);
    await world.run(async () => {
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const hear = async (...args: string[]) =>
          (await client(files.folder, port, version, ...args)).output;
        const named = ["-servername", "localhost"];
        assertStringIncludes(
          await hear(...named),
          "hello localhost null nobody",
        );
        const other = [
          "-servername",
          "a.example",
          "-verify_hostname",
          "a.example",
        ];
        assertStringIncludes(
          await hear(...other),
          "hello a.example null nobody",
        );
        assertStringIncludes(
          await hear("-noservername"),
          "hello null null nobody",
        );
        assertStringIncludes(
          await hear("-noservername", "-alpn", "one,two"),
          "hello null two nobody",
        );
        const own = [
          "-noservername",
          "-cert",
          "alice.pem",
          "-key",
          "alice.key",
        ];
        assertStringIncludes(await hear(...own), "hello null null alice");
      }
      assertEquals(world.errors, []);
      const mallory = ["-cert", "mallory.pem", "-key", "mallory.key"];
      const { output } = await client(files.folder, port, ...mallory);
      assert(!output.includes("hello"), output);
      // Older versions are none that Deno speaks.
      const old = await client(
        files.folder,
        port,
        "-tls1_1",
        "-cipher",
        "ALL:@SECLEVEL=0",
      );
      assert(old.code !== 0);
      assert(!old.output.includes("hello"), old.output);
      await world.reported(2);
    });
  },
);

tlsTest(
  "openssl s_client sees the alert for a name that is refused",
  async (pki) => {
    await using files = await CertificateFiles.make(pki);
    const world = new World();
    const port = world.serve({ sni: { "a.example": pki.localhost } });
    await world.run(async () => {
      const args = ["-servername", "b.example"];
      const { output, code } = await client(files.folder, port, ...args);
      assertStringIncludes(output, "unrecognized name");
      assert(code !== 0);
      const { output: protocol } = await client(
        files.folder,
        world.serve({ ...pki.localhost, alpnProtocols: ["a"] }),
        ...["-alpn", "b"],
      );
      assertStringIncludes(protocol, "no application protocol");
      await world.reported(2);
    });
  },
);

tlsTest(
  "openssl s_client -starttls smtp upgrades our plain connection",
  async (pki) => {
    await using files = await CertificateFiles.make(pki);
    const world = new World();
    const { copas } = world;
    const port = world.servePlain(copas.handler(async (skt: StreamSocket) => {
      await skt.send("220 localhost ESMTP\r\n");
      for await (const line of skt) {
        if (line.startsWith("EHLO")) {
          await skt.send("250-localhost\r\n250 STARTTLS\r\n");
        } else if (line === "STARTTLS") {
          await skt.send("220 go ahead\r\n");
          await skt.dohandshake(pki.localhost);
        } else if (line === "hello") {
          await skt.send("250 inside\r\n");
          return;
        }
      }
    }));
    await world.run(async () => {
      const args = ["-starttls", "smtp", "-verify_hostname", "localhost"];
      const { output, code } = await client(files.folder, port, ...args);
      assertStringIncludes(output, "250 inside");
      assertEquals(code, 0);
    });
    assertEquals(world.errors, []);
  },
);

tlsTest(
  "our client speaks with openssl s_server, and each knows who the other is",
  async (pki) => {
    await using files = await CertificateFiles.make(pki);
    const world = new World();
    await using server = new Program([
      ...["openssl", "s_server", "-accept", "127.0.0.1:0", "-rev"],
      ...["-cert", "server.pem", "-key", "server.key", "-alpn", "two,one"],
      ...["-CAfile", "ca.pem", "-Verify", "1", "-verify_return_error"],
    ], { cwd: files.folder });
    const port = Number((await server.says(/ACCEPT 127\.0\.0\.1:(\d+)/))[1]);
    await world.run(async () => {
      const skt = world.client({
        ...pki.trust,
        ...pki.alice,
        alpnProtocols: ["one", "two"],
      });
      await skt.connect("localhost", port);
      assertEquals(await ask(skt, "hello"), "olleh");
      assertEquals(skt.getalpn(), "two");
      assertEquals(skt.getpeercertificate()?.subject.CN, "localhost");
      await skt.close();
      assertStringIncludes(
        (await server.says(/CN ?= ?alice/))[0],
        "alice",
      );
      // It wants a certificate. In TLS 1.3 the client hears of it afterwards.
      await assertRejects(
        async () => {
          await using bare = world.client(pki.trust);
          await bare.connect("localhost", port);
          await bare.send("hello\n");
          await bare.receive();
        },
        Error,
        "CertificateRequired",
      );
    });
  },
);

tlsTest(
  "our client speaks TLS 1.2 and 1.3 with openssl s_server, and refuses what it can't verify",
  async (pki) => {
    await using files = await CertificateFiles.make(pki);
    for (const version of ["-tls1_2", "-tls1_3"]) {
      const world = new World();
      await using server = new Program([
        ...["openssl", "s_server", "-accept", "127.0.0.1:0", "-rev", version],
        ...["-cert", "server.pem", "-key", "server.key"],
      ], { cwd: files.folder });
      const port = Number((await server.says(/ACCEPT 127\.0\.0\.1:(\d+)/))[1]);
      await world.run(async () => {
        for (const own of [{}, pki.alice]) {
          const skt = world.client({ ...pki.trust, ...own });
          await skt.connect("localhost", port);
          assertEquals(await ask(skt, "hello"), "olleh");
          await skt.close();
          await assertRejects(
            () => world.client({ ...own }).connect("localhost", port),
            HandshakeError,
          );
        }
      });
    }
  },
);

tlsTest(
  "curl --cacert gets a page from our server, and refuses it without",
  async (pki) => {
    await using files = await CertificateFiles.make(pki);
    for (const kind of servers) {
      const world = new World();
      const port = world[kind](pki.localhost, async (skt) => {
        while (await skt.receive());
        const body = "a page\n".repeat(10_000);
        await skt.send(
          `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
        );
      });
      await world.run(async () => {
        const url = `https://localhost:${port}/`;
        const curl = async (...args: string[]) => {
          const command = ["curl", "-sS", "--noproxy", "*", "-4", ...args, url];
          await using program = new Program(command, { cwd: files.folder });
          return await program.ended();
        };
        const page = await curl("--cacert", "ca.pem");
        assertEquals(page.output.length, 70_000);
        assertEquals(page.code, 0);
        const untrusted = await curl();
        assertEquals(untrusted.code, 60, "curl's code for a certificate");
        await world.reported(1);
      });
    }
  },
  { needs: hasCurl },
);

tlsTest(
  "openssl s_client speaks TLS 1.2 and 1.3 with a server of Deno.listenTls",
  async (pki) => {
    await using files = await CertificateFiles.make(pki);
    const world = new World();
    const port = world.serveDeno(pki.localhost, tell, {
      alpnProtocols: ["two", "one"],
    });
    await world.run(async () => {
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const args = [version, "-servername", "localhost", "-alpn", "one,two"];
        const { output } = await client(files.folder, port, ...args);
        assertStringIncludes(output, "hello null two nobody");
      }
      const old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
      const { output, code } = await client(files.folder, port, ...old);
      assert(code !== 0 && !output.includes("hello"), output);
      await world.reported(1);
    });
  },
);
