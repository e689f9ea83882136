/**
 * Our TLS beside Python's `ssl`, which it is client and server of.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { HandshakeError } from "../../src/errors/errors.ts";
import { CertificateFiles } from "../fixtures/certificate_files.ts";
import { Program } from "../fixtures/program.ts";
import { isInstalled } from "../fixtures/socket_child.ts";
import { ask, servers, tlsTest, World } from "../fixtures/tls_world.ts";

const hasPython = await isInstalled("python3");

/** A client. */
const CLIENT = `
import socket, ssl, sys
context = ssl.create_default_context(cafile="ca.pem")
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as plain:
    with context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False) as tls:
        tls.sendall(b"hello\\n" * 20000)
        data = b""
        while len(data) < 120000:
            data += tls.recv(65536)
        assert data == b"hello\\n" * 20000
        tls.sendall(b"bye\\n")
        # Without close_notify this would be an error.
        assert tls.recv(10) == b""
        tls.unwrap()
        print("all well")
`;

tlsTest(
  "python's ssl exchanges much with our server, and closes cleanly on both sides",
  async (pki) => {
    await using files = await CertificateFiles.make(pki);
    for (const kind of servers) {
      const world = new World();
      const ends: unknown[] = [];
      const port = world[kind](pki.localhost, async (skt) => {
        for (let line; (line = await skt.receive()) !== "bye";) {
          await skt.send(`${line}\n`);
        }
        await skt.shutdown("send");
        ends.push(await skt.receive());
      });
      await world.run(async () => {
        const command = ["python3", "-c", CLIENT, String(port)];
        await using program = new Program(command, { cwd: files.folder });
        const { output, code } = await program.ended();
        assertEquals([output, code], ["all well\n", 0]);
      });
      assertEquals(ends, [null]);
      assertEquals(world.errors, []);
    }
  },
  { needs: hasPython },
);

/** `python3 -c … VERSION`: an echo server, one client after the other. */
const SERVER = `
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.minimum_version = context.maximum_version = ssl.TLSVersion[sys.argv[1]]
context.load_cert_chain("server.pem", "server.key")
context.set_alpn_protocols(["two", "one"])
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
while True:
    sock = listener.accept()[0]
    try:
        tls = context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)
        while data := tls.recv(65536):
            tls.sendall(data)
        print("clean", tls.version(), tls.selected_alpn_protocol(), flush=True)
        tls.unwrap()
        tls.close()
    except OSError as error:
        print("failed", error, flush=True)
`;

for (const version of ["TLSv1_2", "TLSv1_3"]) {
  tlsTest(
    `a client exchanges much with a server of python's ssl, and each says goodbye: ${version}`,
    async (pki) => {
      await using files = await CertificateFiles.make(pki);
      await using server = new Program(
        ["python3", "-c", SERVER, version],
        { cwd: files.folder },
      );
      const port = Number((await server.says(/port (\d+)/))[1]);
      const world = new World();
      await world.run(async () => {
        for (const own of [{}, pki.alice]) {
          const alpnProtocols = ["one", "two"];
          const skt = world.client({ ...pki.trust, ...own, alpnProtocols });
          await skt.connect("localhost", port);
          assertEquals(await ask(skt, "hello"), "hello");
          assertEquals(skt.getalpn(), "two");
          await skt.send("x".repeat(300_000));
          assertEquals((await skt.receive(300_000))?.length, 300_000);
          await skt.shutdown("send");
          assertEquals(await skt.receive(), null);
          await skt.close();
          await assertRejects(
            () => world.client({ ...own }).connect("localhost", port),
            HandshakeError,
          );
        }
      });
      const said = await server.says(/(?:(?:clean|failed).*\n){4}/);
      const clean = said[0].match(/clean TLSv1\.\d two\n/g);
      assert(clean?.length === 2, said[0]);
    },
    { needs: hasPython },
  );
}
