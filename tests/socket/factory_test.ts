// LuaSocket's makers of sockets.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { DatagramSocket } from "../../src/socket/datagram_socket.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";

Deno.test("bind listens on an address; port 0 is any free one", async () => {
  const { socket } = dispatcher();
  using server = socket.bind("127.0.0.1", 0);
  assertEquals(server.addr.hostname, "127.0.0.1");
  assert(server.addr.port > 0);
  const [client, conn] = await Promise.all([
    socket.connect("127.0.0.1", server.addr.port),
    server.accept(),
  ]);
  assertEquals(client.getpeername()[1], server.addr.port);
  conn.close();
  await client.close();
});

Deno.test('bind("*") is every address', () => {
  using server = dispatcher().socket.bind("*", 0);
  assertEquals(server.addr.hostname, "0.0.0.0");
});

Deno.test("a thousand may come at once: the backlog is long enough", async () => {
  const { socket } = dispatcher();
  using server = socket.bind("127.0.0.1", 0);
  const { port } = server.addr;
  // No code accepts; the system alone lets them in.
  const clients = await Promise.all(
    Array.from({ length: 300 }, () => socket.connect("127.0.0.1", port)),
  );
  await Promise.all(clients.map((client) => client.close()));
});

Deno.test("an address that is taken, or none of this machine's, is told with what would be right", () => {
  const { socket } = dispatcher();
  using server = socket.bind("127.0.0.1", 0);
  const { port } = server.addr;
  assertThrows(
    () => socket.bind("127.0.0.1", port),
    Deno.errors.AddrInUse,
    `Cannot bind 127.0.0.1:${port}: the address is in use; choose another port, or 0 for any`,
  );
  assertThrows(
    () => socket.bind("192.0.2.1", 0),
    Deno.errors.AddrNotAvailable,
    "Cannot bind 192.0.2.1:0: this machine does not have that address",
  );
  assertThrows(
    () => socket.bind("x".repeat(64), 0),
    Deno.errors.NotFound,
    "unknown host",
  );
});

Deno.test("wrong arguments of bind are named", () => {
  const { socket } = dispatcher();
  // deno-lint-ignore no-explicit-any
  const bind = (...args: any[]) => (socket.bind as any)(...args);
  const wrong = [
    [[undefined, 0], TypeError, "bind(): the host must be a string"],
    [["", 0], TypeError, "bind(): the host is empty"],
    [["*", "0"], TypeError, "bind(): the port must be a whole number"],
    [["*", 65536], RangeError, "got 65536"],
    [["*", 0, 0], RangeError, "bind(): the backlog must be"],
    [["*", 0, "5"], TypeError, "bind(): the backlog must be"],
  ] as const;
  for (const [args, type, message] of wrong) {
    assertThrows(() => bind.apply(socket, [...args]), type, message);
  }
});

Deno.test("tcp and udp make sockets that do nothing yet", () => {
  const { socket } = dispatcher();
  const tcp = socket.tcp();
  assertEquals([tcp.name, tcp.closed], ["tcp{master}", false]);
  const udp = socket.udp();
  assertInstanceOf(udp, DatagramSocket);
  assertEquals([udp.name, udp.closed], ["udp{unbound}", false]);
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => socket.tcp({ maxline: "long" as any }),
    TypeError,
    "tcp(): maxline must be",
  );
});

Deno.test("without permission bind says which flag to add", async () => {
  const { stdout, stderr } = await runScript(
    `import copas from "{mod}";
     const tries = [
       () => copas.socket.bind("127.0.0.1", 80),
       () => copas.socket.bind("*", 80),
       () => copas.socket.udp().setsockname("127.0.0.1", 53),
     ];
     for (const fn of tries) {
       try {
         fn();
       } catch (error) {
         console.log(error instanceof Deno.errors.NotCapable, error.message);
       }
     }`,
    ["--unstable-net"],
  );
  assertEquals(stderr, "");
  const message = (address: string) =>
    `true Cannot bind ${address}: net access is not granted; run with --allow-net=${address}`;
  assertEquals(stdout.trim().split("\n"), [
    message("127.0.0.1:80"),
    message("0.0.0.0:80"),
    message("127.0.0.1:53"),
  ]);
});

Deno.test("without --unstable-net UDP says which flag to add, and TCP works", async () => {
  const { stdout, stderr } = await runScript(
    `import copas from "{mod}";
     const server = copas.socket.bind("127.0.0.1", 0);
     server.close();
     const udp = copas.socket.udp();
     try {
       udp.setsockname("127.0.0.1", 0);
     } catch (error) {
       console.log(error.name, error.message);
     }
     try {
       await udp.sendto("x", "127.0.0.1", 9);
     } catch (error) {
       console.log(error.name, error.message);
     }
     udp.close();`,
    ["--allow-net"],
  );
  assertEquals(stderr, "");
  const lines = stdout.trim().split("\n");
  assertEquals(lines.length, 2);
  for (const [i, address] of ["127.0.0.1:0", "0.0.0.0:0"].entries()) {
    assertStringIncludes(
      lines[i],
      `NotSupported Cannot bind ${address}: UDP is not available; run with --unstable-net`,
    );
  }
});
