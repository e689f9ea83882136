/**
 * TLS clients that mean no good: whatever they do, nothing of them stays, and
 * no other client has to wait for them.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { HandshakeError } from "../../src/errors/errors.ts";
import { sockets } from "../fixtures/descriptors.ts";
import { Program } from "../fixtures/program.ts";
import { isInstalled } from "../fixtures/socket_child.ts";
import { ask, servers, tlsTest, World } from "../fixtures/tls_world.ts";

const hasPython = Deno.build.os === "linux" && await isInstalled("python3");

/** `python3 -c … PORT HOW COUNT`: so many clients, one after the other; every second one that leaves resets. */
const PYTHON = `
import os, socket, ssl, struct, sys
port, how, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE

def connect():
    sock = socket.create_connection(("127.0.0.1", port))
    sock.settimeout(5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock

def engine():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return tls, incoming, outgoing

def leave(sock, i):
    if i % 2:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()

def secure():
    return context.wrap_socket(connect(), server_hostname="localhost")

for i in range(count):
    if how == "bytewise":
        tls, incoming, outgoing = engine()
        sock = connect()
        for byte in outgoing.read():
            sock.send(bytes([byte]))
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                incoming.write(sock.recv(65536))
        tls.write(b"hello\\n")
        for byte in outgoing.read():
            sock.send(bytes([byte]))
        answer = b""
        while b"hello" not in answer:
            try:
                answer += tls.read(100)
            except ssl.SSLWantReadError:
                incoming.write(sock.recv(65536))
        leave(sock, i)
    elif how == "hello":
        tls, incoming, outgoing = engine()
        hello = outgoing.read()
        sock = connect()
        sock.sendall(hello[:len(hello) // 2])
        leave(sock, i)
    elif how == "flight":
        tls, incoming, outgoing = engine()
        sock = connect()
        sock.sendall(outgoing.read())
        if i % 4 > 1:
            sock.recv(65536)
        leave(sock, i)
    elif how == "finished":
        tls, incoming, outgoing = engine()
        sock = connect()
        sock.sendall(outgoing.read())
        incoming.write(sock.recv(65536))
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        finished = outgoing.read()
        sock.sendall(finished[:len(finished) // 2])
        leave(sock, i)
    elif how == "goodbye":
        sock = secure()
        sock.settimeout(0)
        try:
            sock.unwrap()
        except OSError:
            pass
        leave(sock, i)
    elif how == "silent end":
        sock = secure()
        sock.sendall(b"bye\\n")
        while sock.recv(100):
            pass
        socket.socket.close(sock)
    elif how == "huge hello":
        sock = connect()
        try:
            sock.sendall(bytes([22, 3, 1, 64, 0, 1, 255, 255, 255, 3, 3]) + os.urandom(16378))
            sock.sendall((bytes([22, 3, 1, 64, 0]) + os.urandom(16384)) * 8)
        except OSError:
            pass
        leave(sock, i)
print("left")
`;

const hows = {
  "bytewise": "send their handshake byte by byte",
  "hello": "leave in the middle of their first flight",
  "flight": "leave before or after the server's flight",
  "finished": "leave in the middle of their last flight",
  "goodbye": "leave right after close_notify",
  "silent end": "never send close_notify",
  "huge hello": "announce a ClientHello of 16 MB",
};
const COUNT = 8;

for (const [how, what] of Object.entries(hows)) {
  tlsTest(
    `clients that ${what} leave nothing behind`,
    async (pki) => {
      for (const kind of servers) {
        const world = new World();
        const { copas } = world;
        const port = world[kind](pki.localhost, async (skt) => {
          for await (const line of skt) {
            if (line === "bye") return;
            await skt.send(`${line}\n`);
          }
        });
        const attack = async (count: number) => {
          const command = ["python3", "-c", PYTHON, `${port}`, how, `${count}`];
          await using clients = new Program(command);
          const { output } = await clients.ended();
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
          await copas.wait(attack(1), { timeout: 20 });
          await alone();
          const before = await copas.wait(sockets());
          const other = await world.client(pki.trust)
            .connect("localhost", port);
          const attacking = attack(COUNT);
          assertEquals(await ask(other, "hello"), "hello");
          await other.send("bye\n");
          assertEquals(await other.receive(), null);
          await other.close();
          await copas.wait(attacking, { timeout: 20 });
          await alone();
          for (
            let turns = 0;
            await copas.wait(sockets()) > before;
            turns++
          ) assert(turns < 100, "sockets are left");
        });
        for (const error of world.errors) {
          assert(error instanceof HandshakeError, `${kind}: ${error}`);
        }
      }
    },
    { needs: hasPython },
  );
}

for (const kind of servers) {
  tlsTest(
    `a client can't renegotiate, and what it tries ends its own connection only: ${kind}`,
    async (pki) => {
      const world = new World();
      const { copas } = world;
      const port = world[kind](pki.localhost);
      await world.run(async () => {
        // Without -quiet, a line of R asks s_client to renegotiate.
        await using client = new Program([
          ...["openssl", "s_client", "-tls1_2", "-no_ign_eof"],
          ...["-connect", `127.0.0.1:${port}`],
        ], { input: "R\nhello\n" });
        const { output } = await copas.wait(client.ended(), { timeout: 20 });
        assert(output.includes("RENEGOTIATING"), output);
        assert(/no renegotiation|alert|closed/i.test(output), output);
        const skt = await world.client(pki.trust).connect("localhost", port);
        assertEquals(await ask(skt, "hello"), "hello");
        await skt.close();
        for (let turns = 0; copas.status().threads > 1; turns++) {
          assert(turns < 2000, "threads are left");
          await copas.pause(0.001);
        }
      });
    },
  );
}
