/**
 * TLS clients that leave without a word: in the middle of a large answer, and
 * in the middle of the handshake.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { ClosedError, HandshakeError } from "../../src/errors/errors.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { Program } from "../fixtures/program.ts";
import { sockets } from "../fixtures/descriptors.ts";
import { isInstalled } from "../fixtures/socket_child.ts";
import { type Certificates, tlsTest, World } from "../fixtures/tls_world.ts";

const needs = Deno.build.os === "linux" && await isInstalled("python3");
const LARGE = "x".repeat(8_000_000);
/** More than the server takes at once, so that it stops taking them if slots are kept. */
const CLIENTS = 12;

/** Clients that come one after the other; what they do is `argv[2]`. */
const PYTHON = `
import os, random, socket, ssl, struct, sys, time

port, how, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
random.seed(count)

def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()

def download(sock):
    tls = context.wrap_socket(sock)
    tls.sendall(b"large\\n")
    assert len(tls.recv(1000)) > 0
    return tls

def hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()

for i in range(count):
    sock = socket.create_connection(("127.0.0.1", port))
    if how == "reset":
        reset(download(sock))
    elif how == "close":
        download(sock).close()
    elif how == "garbage":
        plain = socket.socket(fileno=download(sock).detach())
        plain.sendall(os.urandom(100))
        plain.close()
    elif how == "end":
        # The end of the stream without close_notify comes a while before.
        plain = socket.socket(fileno=download(sock).detach())
        plain.shutdown(socket.SHUT_WR)
        time.sleep(0.02)
        plain.close()
    else:
        data = bytearray(hello())
        if i % 4 == 0: data = data[:random.randrange(1, len(data))]
        elif i % 4 == 1: data[random.randrange(len(data))] ^= 0x55
        elif i % 4 == 2: data[5:] = os.urandom(len(data) - 5)
        else: data = os.urandom(100)
        sock.sendall(data)
        sock.settimeout(0.02)
        try:
            sock.recv(65536)
        except OSError:
            pass
        (reset if i % 3 == 0 else socket.socket.close)(sock)
print("left")
`;

/** Lets clients leave as `how` says, and checks that nothing of them is left. */
async function allLeave(
  pki: Certificates,
  how: string,
): Promise<{ heard: unknown[]; errors: Error[] }> {
  const world = new World();
  const { copas } = world;
  const heard: unknown[] = [];
  const port = world.serve(pki.localhost, async (skt: StreamSocket) => {
    if (await skt.receive() !== "large") return;
    await skt.send(LARGE).catch((error) => heard.push(error));
  }, { maxConnections: 3 });
  // Waits that would last for ever end the test.
  const enough = { timeout: 10 };
  const leave = async (count: number) => {
    await using clients = new Program(
      ["python3", "-c", PYTHON, String(port), how, String(count)],
    );
    const { output } = await copas.wait(clients.ended(), enough);
    assertEquals(output, "left\n");
  };
  const alone = async () => {
    for (let turns = 0; copas.status().threads > 1; turns++) {
      assert(turns < 2000, "threads are left");
      await copas.pause(0.001);
    }
  };
  await world.run(async () => {
    // The first one loads the engine.
    await leave(1);
    await alone();
    const before = await copas.wait(sockets());
    assert(before > 0, "no socket was counted, not even the listener");
    await leave(CLIENTS);
    await alone();
    assertEquals(await copas.wait(sockets()), before);
  });
  return { heard, errors: world.errors };
}

for (const how of ["reset", "close", "garbage", "end"]) {
  tlsTest(
    `clients that leave during a large answer (${how}) leave nothing behind, and send fails`,
    async (pki) => {
      const { heard } = await allLeave(pki, how);
      assertEquals(heard.length, CLIENTS + 1);
      for (const error of heard) assert(error instanceof ClosedError);
    },
    { needs },
  );
}

tlsTest(
  "clients whose handshake is garbage or breaks off leave nothing behind",
  async (pki) => {
    const { errors } = await allLeave(pki, "fuzz");
    assert(errors.length > 0);
    for (const error of errors) assert(error instanceof HandshakeError);
  },
  { needs },
);

tlsTest(
  "a client that closes with unread bytes ends the send at once",
  async (pki) => {
    const world = new World();
    const got: unknown[] = [];
    const failed = Promise.withResolvers<void>();
    const port = world.serve(pki.localhost, async (skt: StreamSocket) => {
      got.push(await skt.receive());
      await skt.send(LARGE).catch((error) => got.push(error));
      failed.resolve();
    });
    await world.run(async () => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      const options = { hostname: "localhost", ...pki.trust };
      const tls = await Deno.startTls(conn, options);
      await tls.write(new TextEncoder().encode("hello\n"));
      await tls.read(new Uint8Array(10));
      // Much is unread: the system resets the connection.
      tls.close();
      await world.copas.wait(failed.promise, { timeout: 10 });
    });
    assertEquals(got[0], "hello");
    assert(got[1] instanceof ClosedError);
  },
);
