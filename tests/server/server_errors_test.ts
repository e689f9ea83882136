// What happens when a handler fails, or is ended.

import { assertEquals, assertInstanceOf } from "@std/assert";
import { TimeoutError } from "../../src/errors/errors.ts";
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

Deno.test("a ClosedError or CancelledError that leaves a handler is the ordinary end of its connection", async () => {
  const { copas, reports } = reporting();
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
  assertEquals([ended, reports.length], [3, 0]);
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
        await copas.send(conn, "good bye\n");
        cleaned = copas.getthreadname();
      }
    },
    { name: "web" },
    copas,
  );
  assertEquals(await readText(await server.connect()), "good bye\n");
  assertEquals([cleaned, reports.length], ["web:handler_1", 0]);
});
