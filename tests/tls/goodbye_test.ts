/**
 * The end of a TLS connection: close_notify, and everything that was sent
 * before it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { CertificateFiles } from "../fixtures/certificate_files.ts";
import { Program } from "../fixtures/program.ts";
import { isInstalled, runScript } from "../fixtures/socket_child.ts";
import { tlsTest, World } from "../fixtures/tls_world.ts";

const needs = await isInstalled("python3");

/** Clients that read to the end, and say whether it was an end or a cut. */
const PYTHON = `
import socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
for i in range(3):
    sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    tls = context.wrap_socket(sock, suppress_ragged_eofs=False)
    try:
        tls.sendall(b"hello\\n")
        while tls.recv(1000):
            pass
        print("clean")
    except ssl.SSLEOFError:
        print("cut")
`;

for (const exits of [false, true]) {
  tlsTest(
    `a server of Deno.listenTls says goodbye${
      exits ? ", though the program exits right after its loop" : ""
    }`,
    async (pki) => {
      const { stdout, stderr } = await runScript(
        `import copas from "{mod}";
         const server = Deno.listenTls({
           hostname: "127.0.0.1",
           port: 0,
           ...${JSON.stringify(pki.localhost)},
         });
         let served = 0;
         copas.addserver(server, copas.handler(async (skt) => {
           await skt.send(await skt.receive() + "\\n");
           if (++served === 3) copas.removeserver(server);
         }));
         const clients = new Deno.Command("python3", {
           args: ["-c", ${JSON.stringify(PYTHON)}, String(server.addr.port)],
           stdout: "inherit",
         }).spawn();
         await copas.loop();
         ${exits ? "Deno.exit();" : "await clients.status;"}`,
        ["--allow-net", "--allow-run"],
      );
      assertEquals([stdout, stderr], ["clean\nclean\nclean\n", ""]);
    },
    { needs },
  );
}

/** A server that takes its time to read, and tells how much came, and how it ended. */
const SLOW = `
import socket, ssl, sys, time
folder = sys.argv[1]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/server.pem", folder + "/server.key")
context.verify_mode = ssl.CERT_REQUIRED
context.load_verify_locations(folder + "/ca.pem")
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
tls = context.wrap_socket(listener.accept()[0], server_side=True, suppress_ragged_eofs=False)
time.sleep(0.2)
count, end = 0, "clean"
try:
    while data := tls.recv(4096):
        count += len(data)
        time.sleep(0.0005)
except OSError as error:
    end = str(error)
print("got", count, end, flush=True)
tls.close()
`;

const ends: Record<string, (skt: StreamSocket) => Promise<void>> = {
  "close()": (skt) => skt.close(),
  'shutdown("send"), then close()': async (skt) => {
    await skt.shutdown("send");
    await skt.close();
  },
};
for (const [name, end] of Object.entries(ends)) {
  tlsTest(
    `a client with a certificate delivers all of 1 MiB: ${name}`,
    async (pki) => {
      await using files = await CertificateFiles.make(pki);
      await using server = new Program(["python3", "-c", SLOW, files.folder]);
      const [, port] = await server.says(/port (\d+)\n/);
      const world = new World();
      await world.run(async () => {
        const skt = world.client({ ...pki.trust, ...pki.alice });
        await skt.connect("localhost", Number(port));
        await skt.send("x".repeat(1_048_576));
        await end(skt);
        const enough = { timeout: 20 };
        const says = server.says(/got .*/);
        const [got] = await world.copas.wait(says, enough);
        assertEquals(got, "got 1048576 clean");
      });
    },
    { needs },
  );
}
