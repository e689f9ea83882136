// A registered server: its connections, their names, their ends.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Copas } from "../src/copas.ts";
import { ClosedError, TimeoutError } from "../src/errors.ts";
import type { StreamSocket } from "../src/socket/stream_socket.ts";
import { VirtualClock } from "../src/testing.ts";
import { dispatcher, turn } from "./fixtures/socket_dispatcher.ts";
import { closeQuietly, readText, write } from "./fixtures/socket_pair.ts";
import { ScriptedConn } from "./fixtures/socket_script.ts";
import { ScriptedListener, TestServer } from "./fixtures/socket_server.ts";

/** What a handler hears of an error. */
interface Report {
  error: unknown;
  thread: string;
  socket: string;
}

/** A dispatcher whose default error handler keeps what it hears. */
function listening(): { copas: Copas; reports: Report[] } {
  const copas = new Copas({ clock: new VirtualClock() });
  const reports: Report[] = [];
  copas.seterrorhandler((error, task, socket) => {
    const { name } = socket as { name: string };
    reports.push({ error, thread: task.name, socket: name });
  }, true);
  return { copas, reports };
}

async function echo(conn: Deno.Conn, copas: Copas): Promise<void> {
  for (let line; (line = await copas.receive(conn)) !== null;) {
    await copas.send(conn, `${line}\n`);
  }
}

/** A line to the server, and its answer. */
async function ask(client: Deno.Conn, line: string): Promise<string> {
  await write(client, `${line}\n`);
  const copas = dispatcher();
  return await copas.wrap(client).receive() ?? "(the end)";
}

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
  const { copas, reports } = listening();
  await using server = TestServer.start(echo, { maxline: 5 }, copas);
  const client = await server.connect();
  assertEquals(await ask(client, "short"), "short");
  await write(client, "too long a line\n");
  assertEquals(await readText(client), "");
  assertEquals((reports[0].error as Error).name, "TooLongError");
});

Deno.test("autoclose closes the connection when the handler ends, also by an error", async () => {
  const { copas, reports } = listening();
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

Deno.test("autoclose frees others that wait on the connection", async () => {
  const { copas } = listening();
  const errors: unknown[] = [];
  await using server = TestServer.start(
    async (conn) => {
      copas.addthread(() =>
        copas.receive(conn).catch((error) => errors.push(error))
      );
      await copas.receive(conn, 4);
    },
    undefined,
    copas,
  );
  const client = await server.connect();
  // The other thread stands in line first: the handler never gets its bytes.
  await write(client, "one\ntwo!");
  assertEquals(await readText(client), "");
  await turn();
  assertEquals(errors.length <= 1, true);
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

Deno.test("an error in a handler reaches the error handler with its names, and hurts nobody else", async () => {
  const { copas, reports } = listening();
  await using server = TestServer.start(
    async (conn) => {
      for (let line; (line = await copas.receive(conn)) !== null;) {
        if (line === "fail") throw new RangeError("on purpose");
        await copas.send(conn, `${line}\n`);
      }
    },
    { name: "web" },
    copas,
  );
  const [bad, good] = [await server.connect(), await server.connect()];
  assertEquals(await ask(good, "before"), "before");
  await write(bad, "fail\n");
  assertEquals(await readText(bad), "");
  assertEquals(await ask(good, "after"), "after");
  assertEquals(await ask(await server.connect(), "new"), "new");
  assertEquals(reports.length, 1);
  const [{ error, thread, socket }] = reports;
  assertInstanceOf(error, RangeError);
  const number = thread.slice(-1);
  assertEquals([thread, socket], [
    `web:handler_${number}`,
    `web:client_${number}`,
  ]);
});

Deno.test("a handler that is no async function, and throws at once, is the same", async () => {
  const { copas, reports } = listening();
  await using server = TestServer.start(
    () => {
      throw new Error("at once");
    },
    undefined,
    copas,
  );
  assertEquals(await readText(await server.connect()), "");
  assertEquals(await readText(await server.connect()), "");
  assertEquals(reports.length, 2);
});

Deno.test("an error goes to the handler's own error handler, if it has one", async () => {
  const { copas, reports } = listening();
  const own: unknown[] = [];
  await using server = TestServer.start(
    async (conn) => {
      copas.seterrorhandler((error) => own.push(error));
      await copas.receive(conn);
      throw new Error("on purpose");
    },
    undefined,
    copas,
  );
  const client = await server.connect();
  await write(client, "go\n");
  assertEquals(await readText(client), "");
  assertEquals([own.length, reports.length], [1, 0]);
});

Deno.test("a ClosedError or CancelledError that leaves a handler is the ordinary end of its connection", async () => {
  const { copas, reports } = listening();
  const tasks: ReturnType<Copas["addthread"]>[] = [];
  let ended = 0;
  await using server = TestServer.start(
    async (conn) => {
      try {
        const word = await copas.receive(conn);
        if (word === "close") copas.close(conn);
        if (word === "abort") {
          await copas.receive(conn, "*l", { signal: AbortSignal.abort() });
        }
        await copas.receive(conn, 10);
      } finally {
        ended++;
      }
    },
    undefined,
    copas,
  );
  for (const word of ["close\n", "abort\n", "wait\ncut off"]) {
    const client = await server.connect();
    await write(client, word);
    await client.closeWrite();
    assertEquals(await readText(client), "");
  }
  assertEquals([ended, reports.length, tasks.length], [3, 0, 0]);
});

Deno.test("any other error of Copas's is reported", async () => {
  const { copas, reports } = listening();
  await using server = TestServer.start(
    (conn) => copas.receive(conn),
    { timeout: 5 },
    copas,
  );
  assertEquals(await readText(await server.connect()), "");
  assertInstanceOf(reports[0].error, TimeoutError);
});

Deno.test("the thread of a handler can be removed: its connection is closed, nobody is told", async () => {
  const { copas, reports } = listening();
  const cleaned: string[] = [];
  await using server = TestServer.start(
    async (conn) => {
      try {
        await copas.receive(conn);
        await copas.pause(1000);
      } finally {
        cleaned.push(copas.getthreadname());
      }
    },
    { name: "web" },
    copas,
  );
  const client = await server.connect();
  let task: Parameters<Copas["removethread"]>[0] | undefined;
  copas.addserver(server.listener, (conn) => {
    copas.addthread(() => {}); // a thread of another kind
    return copas.receive(conn);
  });
  void task;
  await write(client, "x\n");
  await turn();
  copas.cancelall();
  assertEquals(await readText(client), "");
  assertEquals([cleaned.length <= 1, reports.length], [true, 0]);
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
  assertEquals(copas.status().servers, 1);
});

Deno.test("removeserver with keepopen: those who come meanwhile are served when it is registered again", async () => {
  await using server = TestServer.start(echo);
  const { copas, listener } = server;
  assertEquals(await ask(await server.connect(), "before"), "before");
  copas.removeserver(listener, true);
  assertEquals(copas.status().servers, 0);
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

Deno.test("a listener that somebody closed behind our back leaves the dispatcher, without complaint", async () => {
  await using server = TestServer.start(echo);
  const client = await server.connect();
  assertEquals(await ask(client, "hello"), "hello");
  server.listener.close();
  assertEquals(await ask(client, "still"), "still");
  assertEquals(server.copas.status().servers, 0);
  client.close();
  await server.ended;
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

Deno.test("exit: nobody is accepted any more, and those who are served finish", async () => {
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
      "addserver(): the options have no key maxconnections; they have timeout, name, maxConnections, maxline, maxbody",
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
  assertEquals([copas.status().servers, copas.finished()], [0, true]);
  assertEquals(
    copas.getsocketname(listener),
    `tcp{server}: 127.0.0.1:${listener.addr.port}`,
  );
  closeQuietly(listener);
});
