// A registered server: its connections, their names and what they inherit.

import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { Copas } from "../../src/copas/copas.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { closeQuietly, readText, write } from "../fixtures/socket_pair.ts";
import { ask, echo, reporting, TestServer } from "../fixtures/socket_server.ts";

Deno.test("a handler runs for each connection, all at the same time", async () => {
  await using server = TestServer.start(echo);
  const clients = await Promise.all([1, 2, 3].map(() => server.connect()));
  for (const [i, client] of clients.toReversed().entries()) {
    assertEquals(await ask(client, `hello ${i}`), `hello ${i}`);
  }
});

Deno.test("a handler gets Deno's connection, or through copas.handler a Copas socket", async () => {
  const seen: unknown[] = [];
  const copas = dispatcher();
  const wrapped = copas.handler(async (skt: StreamSocket) => {
    seen.push(skt);
    await skt.send("wrapped\n");
  });
  await using server = TestServer.start(
    (conn) => {
      seen.push(conn, copas.wrap(conn));
      return wrapped(conn);
    },
    undefined,
    copas,
  );
  const client = await server.connect();
  assertEquals(await readText(client), "wrapped\n");
  const [conn, socket, skt] = seen;
  assert("rid" in (conn as object) || "readable" in (conn as object));
  assertStrictEquals(skt, socket);
});

Deno.test("connections and threads are named for the server, and counted", async () => {
  const seen: string[] = [];
  const named = (conn: Deno.Conn, copas: Copas) => {
    seen.push(copas.getsocketname(conn), copas.getthreadname());
  };
  await using server = TestServer.start(named, { name: "web" });
  const { copas, listener } = server;
  for (let i = 0; i < 2; i++) await readText(await server.connect());
  copas.removeserver(listener, true);
  copas.addserver(listener, (conn) => named(conn, copas));
  await readText(await server.connect());
  copas.setsocketname("renamed", listener);
  await readText(await server.connect());
  assertEquals(seen, [
    "web:client_1",
    "web:handler_1",
    "web:client_2",
    "web:handler_2",
    "web:client_3",
    "web:handler_3",
    "renamed:client_4",
    "renamed:handler_4",
  ]);
});

Deno.test("a server without a name is named for its address", async () => {
  const seen: string[] = [];
  await using server = TestServer.start((conn, copas) => {
    seen.push(copas.getsocketname(conn), copas.getthreadname());
  });
  const name = `tcp{server}: 127.0.0.1:${server.port}`;
  assertEquals(server.copas.getsocketname(server.listener), name);
  await readText(await server.connect());
  assertEquals(seen, [`${name}:client_1`, `${name}:handler_1`]);
});

Deno.test("the name may be the fourth argument, as in Copas", () => {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(listener, () => {}, 5, "web");
  assertEquals(copas.getsocketname(listener), "web");
  copas.removeserver(listener);
});

Deno.test("accepted sockets inherit the server's timeouts, as they are when it accepts", async () => {
  const seen: unknown[] = [];
  await using server = TestServer.start((conn, copas) => {
    const skt = copas.wrap(conn);
    seen.push(skt.timeouts);
    skt.settimeout(99); // its own business
  }, { timeout: 5 });
  const { copas, listener } = server;
  await readText(await server.connect());
  copas.settimeouts(listener, 1, undefined, 3);
  await readText(await server.connect());
  copas.settimeout(listener);
  await readText(await server.connect());
  assertEquals(seen, [
    { connect: 5, send: 5, receive: 5 },
    { connect: 1, send: 5, receive: 3 },
    { connect: Infinity, send: Infinity, receive: Infinity },
  ]);
});

Deno.test("accepted sockets inherit the server's longest line", async () => {
  const { copas, reports } = reporting();
  await using server = TestServer.start(echo, { maxline: 5 }, copas);
  const client = await server.connect();
  assertEquals(await ask(client, "short"), "short");
  await write(client, "too long a line\n");
  assertEquals(await readText(client), "");
  assertEquals((reports[0].error as Error).name, "TooLongError");
});

Deno.test("addserver again replaces the handler: those who are being served keep theirs", async () => {
  await using server = TestServer.start(echo, { name: "web" });
  const { copas, listener } = server;
  const old = await server.connect();
  assertEquals(await ask(old, "one"), "one");
  copas.addserver(listener, async (conn) => {
    await copas.send(conn, "the new one\n");
  });
  assertEquals(await readText(await server.connect()), "the new one\n");
  assertEquals(await ask(old, "two"), "two");
  assertEquals(copas.getsocketname(listener), "web");
  assertEquals(copas.status().servers.length, 1);
});

Deno.test("a Unix server works like one for TCP", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/socket`;
    const copas = dispatcher();
    const listener = Deno.listen({ transport: "unix", path });
    copas.addserver(listener, (conn) => echo(conn, copas));
    assertEquals(copas.getsocketname(listener), `unix{server}: ${path}`);
    const loop = copas.loop();
    const client = await Deno.connect({ transport: "unix", path });
    await write(client, "hello\n");
    assertEquals(await readText(client, 6), "hello\n");
    client.close();
    copas.removeserver(listener);
    await loop;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("wrong arguments are named, and nothing is registered", () => {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  const handler = () => {};
  // deno-lint-ignore no-explicit-any
  const add = (...args: any[]) => (copas.addserver as any).apply(copas, args);
  const wrong = [
    [[{}, handler], "addserver(): the server must be a Deno.Listener or"],
    [[undefined, handler], "got undefined"],
    [[listener], "addserver(): the handler must be a function, got undefined"],
    [[listener, "echo"], 'the handler must be a function, got "echo"'],
    [
      [listener, handler, "my_server"],
      'addserver(): the timeout must be a number of seconds, got "my_server"',
    ],
    [[listener, handler, { timeout: "5" }], "the timeout must be a number"],
    [[listener, handler, NaN], "the timeout must be a number of seconds"],
    [[listener, handler, 5, 5], "addserver(): the name must be a string"],
    [[listener, handler, { name: 5 }], "addserver(): the name must be a str"],
    [
      [listener, handler, { maxConnections: 0 }],
      "addserver(): maxConnections must be a whole number, 1 or more, or Infinity, got 0",
    ],
    [[listener, handler, { maxConnections: "5" }], "maxConnections must be"],
    [[listener, handler, { maxline: -1 }], "addserver(): maxline must be"],
    [
      [listener, handler, { maxconnections: 5 }],
      "addserver(): the options have no key maxconnections; they have timeout, name, linger, lingeralways, proxyProtocol, maxConnections, maxline, maxbody",
    ],
  ] as const;
  for (const [args, message] of wrong) {
    const error = assertThrows(
      () => add(...args),
      Error,
      message,
    );
    assert(error instanceof TypeError || error instanceof RangeError);
  }
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => copas.removeserver("web" as any),
    TypeError,
    "removeserver(): the server must be",
  );
  assertEquals([copas.status().servers.length, copas.finished()], [0, true]);
  assertEquals(
    copas.getsocketname(listener),
    `tcp{server}: 127.0.0.1:${listener.addr.port}`,
  );
  closeQuietly(listener);
});
