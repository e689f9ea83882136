// A registered datagram server: one handler, one thread, one socket.

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import type { DatagramSocket } from "../../src/socket/datagram_socket.ts";
import { ClosedError, TimeoutError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { text } from "../fixtures/socket_script.ts";
import { reporting } from "../fixtures/socket_server.ts";

function bind(): Deno.DatagramConn {
  return Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
}

function portOf(conn: Deno.DatagramConn): number {
  return (conn.addr as Deno.NetAddr).port;
}

Deno.test("a datagram server's handler runs once, at once, with the server's socket", async () => {
  const copas = dispatcher();
  const server = bind();
  const seen: unknown[] = [];
  copas.addserver(server, async (conn) => {
    seen.push(conn);
    for (;;) {
      const [data, ip, port] = await copas.receivefrom(conn);
      await copas.sendto(conn, `${text(data)}!`, ip, port);
    }
  });
  assertEquals(seen, [server]);
  const answers: string[] = [];
  copas.addthread(async () => {
    await using client = copas.socket.udp();
    for (const word of ["one", "two", ""]) {
      await client.sendto(word, "127.0.0.1", portOf(server));
      answers.push(text(await client.receive()));
    }
    copas.removeserver(server);
  });
  await copas.loop();
  assertEquals(answers, ["one!", "two!", "!"]);
  assertEquals(seen.length, 1);
});

Deno.test("its thread and its socket have the server's name, and the timeout holds for its socket", async () => {
  const { copas, reports } = reporting();
  const server = bind();
  copas.addserver(server, (conn) => copas.receive(conn), {
    timeout: 3,
    name: "dns",
  });
  await copas.loop();
  assertEquals(reports.length, 1);
  const [{ error, thread, socket }] = reports;
  assertInstanceOf(error, TimeoutError);
  assertEquals([thread, socket], ["dns:handler", "dns"]);
});

Deno.test("a handler may get the Copas socket", async () => {
  const copas = dispatcher();
  const server = bind();
  let data = "";
  copas.addserver(
    server,
    copas.handler(async (skt: DatagramSocket) => {
      data = text(await skt.receive());
    }),
  );
  const client = copas.wrap(bind());
  await client.sendto("hello", "127.0.0.1", portOf(server));
  await copas.loop();
  assertEquals(data, "hello");
  client.close();
});

Deno.test("a Copas socket may be the server itself", async () => {
  const copas = dispatcher();
  const server = copas.socket.udp();
  server.setsockname("127.0.0.1", 0);
  let data = "";
  copas.addserver(server, async () => {
    data = text(await server.receive());
  });
  copas.addthread(async () => {
    await server.sendto("to itself", "127.0.0.1", server.getsockname()[1]);
  });
  await copas.loop();
  assertEquals(data, "to itself");
  assertEquals(server.closed, true);
});

Deno.test("when the handler ends the server is removed and closed, and the loop can end", async () => {
  const copas = dispatcher();
  const server = bind();
  copas.addserver(server, () => {});
  await copas.loop();
  assertEquals(copas.status().servers.length, 0);
  assertEquals(copas.wrap(server).closed, true);
});

Deno.test("an error in the handler is reported with its names, and ends the server", async () => {
  const { copas, reports } = reporting();
  const server = bind();
  copas.addserver(
    server,
    async (conn) => {
      await copas.receive(conn);
      throw new RangeError("on purpose");
    },
    undefined,
    "udp",
  );
  copas.addthread(async () => {
    using client = copas.socket.udp();
    await client.sendto("x", "127.0.0.1", portOf(server));
  });
  await copas.loop();
  assertEquals(reports.map(({ thread, socket }) => [thread, socket]), [
    ["udp:handler", "udp"],
  ]);
  assertEquals(copas.wrap(server).closed, true);
});

Deno.test("removeserver closes the socket, and the handler ends quietly", async () => {
  const { copas, reports } = reporting();
  const server = bind();
  let error: unknown;
  copas.addserver(server, async (conn) => {
    try {
      await copas.receive(conn);
    } catch (caught) {
      error = caught;
      throw caught;
    }
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removeserver(server);
  });
  await copas.loop();
  assertInstanceOf(error, ClosedError);
  assertEquals([reports.length, copas.wrap(server).closed], [0, true]);
});

Deno.test("removeserver with keepopen ends the handler and leaves the socket", async () => {
  const { copas, reports } = reporting();
  const server = bind();
  let ended = 0;
  const handler = async (conn: Deno.DatagramConn) => {
    try {
      for (;;) await copas.receive(conn);
    } finally {
      ended++;
    }
  };
  copas.addserver(server, handler);
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removeserver(server, true);
  });
  await copas.loop();
  assertEquals([ended, reports.length], [1, 0]);
  const skt = copas.wrap(server);
  assertEquals(skt.closed, false);
  // What comes meanwhile waits for the next.
  await skt.sendto("meanwhile", "127.0.0.1", portOf(server));
  let data = "";
  copas.addserver(server, async (conn) => {
    data = text(await copas.receive(conn));
  });
  await copas.loop();
  assertEquals(data, "meanwhile");
});

Deno.test("addserver again replaces the handler", async () => {
  const { copas, reports } = reporting();
  const server = bind();
  const got: string[] = [];
  const handler = (name: string) => async (conn: Deno.DatagramConn) => {
    got.push(`${name} ${text(await copas.receive(conn))}`);
  };
  copas.addserver(server, handler("old"));
  await turn();
  copas.addserver(server, handler("new"));
  assertEquals(copas.status().servers.length, 1);
  await copas.sendto(server, "hello", "127.0.0.1", portOf(server));
  await copas.loop();
  assertEquals([got, reports.length], [["new hello"], 0]);
});

Deno.test("a socket that is closed ends its server, however it was closed", async () => {
  const ways = [
    (copas: ReturnType<typeof dispatcher>, server: Deno.DatagramConn) =>
      copas.close(server),
    (_: unknown, server: Deno.DatagramConn) => server.close(),
  ];
  for (const close of ways) {
    const { copas, reports } = reporting();
    const server = bind();
    copas.addserver(server, (conn) => copas.receive(conn));
    copas.addthread(async () => {
      await copas.pause(1);
      close(copas, server);
    });
    await copas.loop();
    assertEquals([copas.status().servers.length, reports.length], [0, 0]);
  }
});

Deno.test("removeserver of one that was never registered closes it, or leaves it", async () => {
  const copas = dispatcher();
  const server = bind();
  copas.removeserver(server, true);
  assertEquals(copas.wrap(server).closed, false);
  copas.removeserver(server);
  assertEquals(copas.wrap(server).closed, true);
  await assertRejects(() => copas.receive(server), ClosedError);
});
