// What happens when a handler fails, or is ended.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
} from "@std/assert";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import {
  CancelledError,
  ClosedError,
  TimeoutError,
} from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { readText, write } from "../fixtures/socket_pair.ts";
import { ask, reporting, TestServer } from "../fixtures/socket_server.ts";

Deno.test("an error in a handler reaches the error handler with its names, and hurts no other connection", async () => {
  const { copas, reports } = reporting();
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
  const { copas, reports } = reporting();
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
  const { copas, reports } = reporting();
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

Deno.test("a ClosedError about the handler's own connection is its ordinary end", async () => {
  const { copas, reports } = reporting();
  let ended = 0;
  await using server = TestServer.start(
    async (conn) => {
      try {
        const word = await copas.receive(conn);
        if (word === "close") copas.close(conn);
        if (word === "send") {
          copas.close(conn);
          await copas.send(conn, "too late");
        }
        await copas.receive(conn, 10);
      } finally {
        ended++;
      }
    },
    undefined,
    copas,
  );
  for (const word of ["close\n", "send\n", "wait\ncut off"]) {
    const client = await server.connect();
    await write(client, word);
    await client.closeWrite();
    assertEquals(await readText(client), "");
  }
  assertEquals([ended, reports.length], [3, 0]);
});

Deno.test("a ClosedError about anything else is reported, and so is a CancelledError of a thread that was not removed", async () => {
  const { copas, reports } = reporting();
  const database = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const cut = (async () => {
    const conn = await database.accept();
    await write(conn, "half a li");
    conn.close();
  })();
  const failures: Record<string, (conn: Deno.Conn) => unknown> = {
    database: async () => {
      const { port } = database.addr;
      await using skt = await copas.socket.connect("127.0.0.1", port);
      await skt.receive();
    },
    state: async (conn) => {
      await copas.wrap(conn).shutdown("send");
      await copas.send(conn, "after the shutdown");
    },
    unconnected: () => copas.socket.tcp().receive(),
    own: () => {
      throw new ClosedError("the queue of jobs is closed");
    },
    signal: (conn) =>
      copas.receive(conn, "*l", { signal: AbortSignal.abort("enough") }),
    future: async () => {
      const future = copas.future.addthread(() => copas.pause(3600));
      future.cancel();
      await future.get();
    },
  };
  await using server = TestServer.start(
    async (conn) => {
      await failures[(await copas.receive(conn))!](conn);
    },
    undefined,
    copas,
  );
  for (const word of Object.keys(failures)) {
    const client = await server.connect();
    await write(client, `${word}\n`);
    assertEquals(await readText(client), "");
    assertEquals(reports.length, 1, word);
    const { error } = reports.pop()!;
    assert(error instanceof ClosedError || error instanceof CancelledError);
  }
  await cut;
  database.close();
});

Deno.test("any other error of Copas's is reported", async () => {
  const { copas, reports } = reporting();
  await using server = TestServer.start(
    (conn) => copas.receive(conn),
    { timeout: 5 },
    copas,
  );
  assertEquals(await readText(await server.connect()), "");
  assertInstanceOf(reports[0].error, TimeoutError);
});

Deno.test("the thread of a handler can be removed: its connection is closed, no handler is told", async () => {
  const { copas, reports } = reporting();
  let cleaned = "";
  await using server = TestServer.start(
    async (conn) => {
      copas.timeout(1, (task) => copas.removethread(task));
      try {
        await copas.receive(conn);
      } finally {
        await copas.shield(() => copas.send(conn, "good bye\n"));
        cleaned = copas.getthreadname();
      }
    },
    { name: "web" },
    copas,
  );
  assertEquals(await readText(await server.connect()), "good bye\n");
  assertEquals([cleaned, reports.length], ["web:handler_1", 0]);
});

Deno.test("an error handler may be async: the connection is closed when it has finished", async () => {
  const { copas } = reporting();
  copas.seterrorhandler(async (error, _task, socket) => {
    await copas.pause(1);
    await copas.send(socket as StreamSocket, `sorry: ${error}\n`);
  }, true);
  await using server = TestServer.start(
    () => Promise.reject("no luck"),
    undefined,
    copas,
  );
  assertEquals(await readText(await server.connect()), "sorry: no luck\n");
});

Deno.test("a handler that is given up gives back its place, its connection is closed, and its loss is reported", async () => {
  const { copas, reports } = reporting();
  await using server = TestServer.start(
    async (conn) => {
      if (await copas.receive(conn) === "hello") {
        return await copas.send(conn, "hello\n");
      }
      copas.removethread(copas.currentthread());
      for (;;) {
        try {
          await copas.receive(conn);
        } catch { /* on and on */ }
      }
    },
    { name: "web", maxConnections: 1 },
    copas,
  );
  const bad = await server.connect();
  await write(bad, "be stubborn\n");
  assertEquals(await readText(bad), "");
  assertEquals(await ask(await server.connect(), "hello"), "hello");
  assertEquals(reports.length, 1);
  assertMatch(
    String(reports[0].error),
    /^Error: Thread web:handler_1 was removed, and went on/,
  );
});

Deno.test("a removed handler takes no more from its buffer, and sends no more", async () => {
  const { copas, reports } = reporting();
  const obeyed: string[] = [];
  await using server = TestServer.start(
    async (conn) => {
      for (let line; (line = await copas.receive(conn)) !== null;) {
        obeyed.push(line);
        await copas.send(conn, `${line}\n`);
        if (line === "stop") copas.removethread(copas.currentthread());
      }
    },
    undefined,
    copas,
  );
  const client = await server.connect();
  await write(client, "go\nstop\n" + "more\n".repeat(50));
  assertEquals(await readText(client), "go\nstop\n");
  assertEquals([obeyed, reports.length], [["go", "stop"], 0]);
});

Deno.test("a removed handler sends nothing in its finally, unless it is shielded", async () => {
  const { copas } = reporting();
  const errors: unknown[] = [];
  await using server = TestServer.start(
    async (conn) => {
      copas.removethread(copas.currentthread());
      await copas.send(conn, "refused\n").catch((error) => errors.push(error));
      await copas.shield(async () => {
        await copas.send(conn, "shielded\n");
        await copas.send(conn, `${await copas.receive(conn)}\n`);
      });
      await copas.send(conn, "refused\n");
    },
    undefined,
    copas,
  );
  const client = await server.connect();
  await write(client, "answer\n");
  assertEquals(await readText(client), "shielded\nanswer\n");
  assertInstanceOf(errors[0], CancelledError);
});

Deno.test("what a handler begins and does not await reaches the error handler once, and the process goes on", async () => {
  const { copas, reports } = reporting();
  await using server = TestServer.start(
    async (conn) => {
      const word = await copas.receive(conn);
      if (word === "hello") await copas.send(conn, "hello\n");
      if (word === "closed") {
        await copas.close(conn);
        copas.receive(conn);
        await copas.pause(1);
      }
      if (word === "async") {
        (async () => {
          await copas.pause(1);
          throw new Error("floating");
        })();
        await copas.pause(2);
      }
      if (word === "later") {
        (async () => {
          for (let i = 0; i < 5; i++) await turn();
          throw new Error("after the end");
        })();
      }
    },
    { name: "web" },
    copas,
  );
  for (const word of ["closed", "async", "later"]) {
    const client = await server.connect();
    await write(client, `${word}\n`);
    assertEquals(await readText(client), "");
  }
  while (reports.length < 3) await turn();
  assertEquals(await ask(await server.connect(), "hello"), "hello");
  assertEquals(reports.map(({ thread, error }) => `${thread} ${error}`), [
    `web:handler_1 ${reports[0].error}`,
    "web:handler_2 Error: floating",
    "main Error: after the end",
  ]);
  assertInstanceOf(reports[0].error, ClosedError);
});
