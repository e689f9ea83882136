// How servers and their connections end.

import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { ClosedError } from "../../src/errors/errors.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, write } from "../fixtures/socket_pair.ts";
import { ScriptedConn } from "../fixtures/socket_script.ts";
import {
  ask,
  echo,
  reporting,
  ScriptedListener,
  TestServer,
} from "../fixtures/socket_server.ts";

Deno.test("autoclose closes the connection when the handler ends, also by an error", async () => {
  const { copas, reports } = reporting();
  const sockets: StreamSocket[] = [];
  await using server = TestServer.start(
    async (conn) => {
      sockets.push(copas.wrap(conn));
      if (await copas.receive(conn) === "fail") throw new Error("on purpose");
    },
    undefined,
    copas,
  );
  for (const word of ["end", "fail"]) {
    const client = await server.connect();
    await write(client, `${word}\n`);
    assertEquals(await readText(client), "");
  }
  assertEquals(sockets.map((skt) => skt.closed), [true, true]);
  assertEquals(reports.length, 1);
});

Deno.test("autoclose sends what the handler has sent and not waited for", async () => {
  await using server = TestServer.start((conn, copas) => {
    copas.send(conn, "x".repeat(60_000));
  });
  assertEquals((await readText(await server.connect())).length, 60_000);
});

Deno.test("autoclose frees others that wait on the connection, and the loop can end", async () => {
  const errors: unknown[] = [];
  await using server = TestServer.start(async (conn, copas) => {
    copas.addthread(() =>
      copas.receive(conn, 100).catch((error) => errors.push(error))
    );
    await copas.pause(1);
  });
  assertEquals(await readText(await server.connect()), "");
  server.copas.removeserver(server.listener);
  await server.ended;
  assertInstanceOf(errors[0], ClosedError);
});

Deno.test("without autoclose the connection stays open; it counts when the connection comes", async () => {
  const sockets: StreamSocket[] = [];
  await using server = TestServer.start(async (conn, copas) => {
    sockets.push(copas.wrap(conn));
    await copas.receive(conn);
  });
  const { copas } = server;
  copas.autoclose = false;
  const [first, second] = [await server.connect(), await server.connect()];
  while (sockets.length < 2) await turn();
  copas.autoclose = true;
  await write(first, "go\n");
  await write(second, "go\n");
  for (let i = 0; i < 5; i++) await turn();
  assertEquals(sockets.map((skt) => skt.closed), [false, false]);
  await sockets[0].send("still open\n");
  assertEquals(await readText(first, 11), "still open\n");
  for (const skt of sockets) await skt.close();
});

Deno.test("removeserver with keepopen: those who come meanwhile are served when it is registered again", async () => {
  await using server = TestServer.start(echo);
  const { copas, listener } = server;
  assertEquals(await ask(await server.connect(), "before"), "before");
  copas.removeserver(listener, true);
  assertEquals(copas.status().servers.length, 0);
  copas.addthread(async () => await copas.pauseforever()); // the loop may end
  const meanwhile = await Promise.all([1, 2, 3].map(() => server.connect()));
  for (const client of meanwhile) await write(client, "anybody?\n");
  for (let i = 0; i < 10; i++) await turn();
  copas.addserver(listener, (conn) => echo(conn, copas));
  const loop = server.copas.running ? undefined : copas.loop();
  for (const client of meanwhile) {
    assertEquals(await readText(client, 9), "anybody?\n");
  }
  for (const client of meanwhile) client.close();
  copas.removeserver(listener);
  await loop;
});

Deno.test("removeserver leaves the connections that are being served", async () => {
  await using server = TestServer.start(echo);
  const { copas, listener } = server;
  const client = await server.connect();
  assertEquals(await ask(client, "before"), "before");
  copas.removeserver(listener);
  await assertRejects(() => server.connect());
  assertEquals(await ask(client, "after"), "after");
  client.close();
  await server.ended;
});

Deno.test("a listener that other code closes leaves the dispatcher, and that is reported", async () => {
  const { copas, reports } = reporting();
  await using server = TestServer.start(
    async (conn) => {
      await copas.send(conn, `${await copas.receive(conn)}\n`);
      await copas.send(conn, `${await copas.receive(conn)}\n`);
    },
    { name: "web" },
    copas,
  );
  const client = await server.connect();
  assertEquals(await ask(client, "hello"), "hello");
  server.listener.close();
  assertEquals(await ask(client, "still"), "still");
  assertEquals(server.copas.status().servers.length, 0);
  client.close();
  await server.ended;
  assertEquals(
    reports.map(({ error }) => String(error)),
    [
      "ClosedError: web: the listener was closed by other code than removeserver(): the server accepts no more",
    ],
  );
});

Deno.test("a listener that was closed before it is registered is reported, too", async () => {
  const { copas, reports } = reporting();
  const listener = copas.socket.bind("127.0.0.1", 0);
  listener.close();
  copas.addserver(listener, () => {}, { name: "web" });
  await copas.loop();
  assertMatch(String(reports[0].error), /^ClosedError: web: the listener was /);
});

Deno.test("copas.close(listener) unregisters it, and the loop ends", async () => {
  await using server = TestServer.start(echo);
  await turn();
  await server.copas.close(server.listener);
  await server.ended;
  await assertRejects(() => server.connect());
});

Deno.test("removeserver of one that was never registered closes it, or leaves it", () => {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.removeserver(listener, true);
  const { port } = listener.addr;
  assertThrows(
    () => copas.socket.bind("127.0.0.1", port),
    Deno.errors.AddrInUse,
  );
  copas.removeserver(listener);
  copas.socket.bind("127.0.0.1", port).close();
  copas.removeserver(listener); // again
});

Deno.test("a listener that was removed and closed can't be registered again", () => {
  const copas = dispatcher();
  const listener = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(listener, () => {}, { name: "web" });
  copas.removeserver(listener);
  assertThrows(
    () => copas.addserver(listener, () => {}),
    ClosedError,
    "addserver(): the listener is closed: web",
  );
  assertEquals(copas.finished(), true);
});

Deno.test("a connection that an accept still brings after the removal is closed", async () => {
  const copas = dispatcher();
  const scripted = new ScriptedListener();
  copas.addserver(scripted.listener, () => {});
  copas.addthread(() => copas.pause(1));
  const loop = copas.loop();
  await turn();
  assertEquals(scripted.accepting, true);
  const conn = new ScriptedConn();
  scripted.bring(conn.conn);
  copas.removeserver(scripted.listener);
  await loop;
  assertEquals([conn.closes, scripted.closed], [1, true]);
});

Deno.test("exit: no connection is accepted any more, and those that are served finish", async () => {
  await using server = TestServer.start(echo);
  const { copas, listener } = server;
  const client = await server.connect();
  assertEquals(await ask(client, "one"), "one");
  copas.exit();
  assertEquals(await ask(client, "two"), "two");
  const late = await server.connect();
  client.close();
  await server.ended;
  // The next loop serves who has waited.
  await write(late, "at last\n");
  const loop = copas.loop();
  assertEquals(await readText(late, 8), "at last\n");
  late.close();
  copas.removeserver(listener);
  await loop;
});

Deno.test("a handler without the call that makes it is refused", () => {
  const { copas } = reporting();
  const listener = copas.socket.bind("127.0.0.1", 0);
  for (const handler of [copas.handler, new Copas().handler]) {
    assertThrows(
      () => copas.addserver(listener, handler as never),
      TypeError,
      "addserver(): the handler is copas.handler itself, which would serve no connection; give what it makes: copas.handler(fn)",
    );
  }
  assertEquals(copas.status().servers.length, 0);
  listener.close();
});
