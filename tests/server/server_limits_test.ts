// What a server does when there is too much: connections, or none left to be had.

import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { VirtualClock } from "../../src/testing/mod.ts";
import { isInstalled, runScript } from "../fixtures/socket_child.ts";
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

Deno.test("no more than maxConnections are served at once, and the others get their turn", async () => {
  let serving = 0;
  let most = 0;
  await using server = TestServer.start(async (conn, copas) => {
    most = Math.max(most, ++serving);
    await echo(conn, copas);
    serving--;
  }, { maxConnections: 2 });
  const clients = await Promise.all(
    Array.from({ length: 7 }, () => server.connect()),
  );
  for (const [i, client] of clients.entries()) await write(client, `${i}\n`);
  const answers = await Promise.all(clients.map(async (client) => {
    const answer = await readText(client, 2);
    client.close();
    return answer;
  }));
  assertEquals(answers, ["0\n", "1\n", "2\n", "3\n", "4\n", "5\n", "6\n"]);
  assertEquals(most, 2);
});

Deno.test("those beyond maxConnections stay with the system: they are not even accepted", async () => {
  const copas = dispatcher();
  const scripted = new ScriptedListener();
  const conns = Array.from({ length: 5 }, () => new ScriptedConn());
  copas.addserver(
    scripted.listener,
    (conn) => copas.receive(conn),
    { maxConnections: 2 },
  );
  const loop = copas.loop();
  scripted.bring(...conns.map((conn) => conn.conn));
  for (let i = 0; i < 5; i++) await turn();
  assertEquals([scripted.accepts, scripted.backlog], [2, 3]);
  conns[0].end();
  for (let i = 0; i < 5; i++) await turn();
  assertEquals([scripted.accepts, scripted.backlog], [3, 2]);
  // More may come when the limit is raised.
  copas.addserver(
    scripted.listener,
    (conn) => copas.receive(conn),
    { maxConnections: 4 },
  );
  for (let i = 0; i < 5; i++) await turn();
  assertEquals([scripted.accepts, scripted.backlog], [5, 0]);
  copas.removeserver(scripted.listener);
  for (const conn of conns) conn.end();
  await loop;
  assertEquals(conns.map((conn) => conn.closes), [1, 1, 1, 1, 1]);
});

Deno.test("a server that is removed with keepopen takes one more at most, and keeps it", async () => {
  const copas = dispatcher();
  const scripted = new ScriptedListener();
  const conns = Array.from({ length: 3 }, () => new ScriptedConn());
  let served = 0;
  const handler = () => void served++;
  copas.addserver(scripted.listener, handler);
  copas.addthread(() => copas.pause(1));
  const loop = copas.loop();
  for (let i = 0; i < 3; i++) await turn();
  copas.removeserver(scripted.listener, true);
  scripted.bring(...conns.map((conn) => conn.conn));
  await loop;
  // Deno can't take the accept back that was under way.
  assertEquals([scripted.accepts, scripted.backlog, served], [1, 2, 0]);
  copas.addserver(scripted.listener, handler);
  copas.addthread(async () => {
    while (served < 3) await copas.pause();
    copas.removeserver(scripted.listener);
  });
  await copas.loop();
  assertEquals(conns.map((conn) => conn.closes), [1, 1, 1]);
});

const full = () => new Error("Too many open files (os error 24)");

Deno.test("a failed accept is reported once, and tried again ever more seldom", async () => {
  const clock = new VirtualClock();
  const { copas, reports } = reporting(clock);
  const scripted = new ScriptedListener();
  const times: number[] = [];
  scripted.onaccept = () => times.push(Math.round(clock.now() * 100) / 100);
  copas.addserver(scripted.listener, () => {}, { name: "web" });
  scripted.bring(...Array.from({ length: 10 }, full));
  copas.addthread(async () => {
    await copas.pause(4);
    copas.removeserver(scripted.listener);
  });
  await copas.loop();
  assertEquals(
    times,
    [0, 0.01, 0.03, 0.07, 0.15, 0.31, 0.63, 1.27, 2.27, 3.27],
  );
  assertEquals(reports.length, 1);
  const { message, cause } = reports[0].error as Error;
  assertEquals(
    message,
    "web: cannot accept: Too many open files (os error 24); trying again until it works",
  );
  assertInstanceOf(cause, Error);
  assertEquals(reports[0].thread, "main");
});

Deno.test("when accepting has worked again, the next failure is reported again", async () => {
  const { copas, reports } = reporting();
  const scripted = new ScriptedListener();
  copas.addserver(scripted.listener, () => {});
  scripted.bring(full(), full(), new ScriptedConn().conn, full(), full());
  copas.addthread(async () => {
    await copas.pause(4);
    copas.removeserver(scripted.listener);
  });
  await copas.loop();
  assertEquals(reports.length, 2);
});

Deno.test("a connection that is gone before it is accepted is reported to no handler", async () => {
  const { copas, reports } = reporting();
  const scripted = new ScriptedListener();
  let served = 0;
  copas.addserver(scripted.listener, () => {
    served++;
    copas.removeserver(scripted.listener);
  });
  scripted.bring(
    new Deno.errors.ConnectionAborted("os error 103"),
    new Deno.errors.ConnectionReset("os error 104"),
    new ScriptedConn().conn,
  );
  await copas.loop();
  assertEquals([served, reports.length], [1, 0]);
});

Deno.test("a thousand connections at once are all served", async () => {
  await using server = TestServer.start(echo);
  const clients = await Promise.all(
    Array.from({ length: 1000 }, () => server.connect()),
  );
  await Promise.all(clients.map((client, i) => write(client, `client ${i}\n`)));
  const answers = await Promise.all(
    clients.map((client, i) => readText(client, `client ${i}\n`.length)),
  );
  assertEquals(answers.every((answer, i) => answer === `client ${i}\n`), true);
  assertEquals(server.copas.status().read, 1001);
  assertEquals(await ask(clients[999], "still here"), "still here");
});

Deno.test({
  name:
    "when no descriptor is left, the server waits, says so once, and goes on when there are some",
  ignore: Deno.build.os === "windows" || !await isInstalled("bash"),
  async fn() {
    const { code, stdout, stderr } = await runScript(
      `import copas from "{mod}";
       const reports = [];
       copas.seterrorhandler((error) => reports.push(error.message), true);
       const listener = copas.socket.bind("127.0.0.1", 0);
       copas.addserver(listener, async (conn) => {
         await copas.send(conn, await copas.receive(conn) + "\\n");
       }, { name: "web" });
       const loop = copas.loop();
       // Each connection takes two descriptors of the 64: one an end.
       const clients = [];
       try {
         for (;;) {
           clients.push(await Deno.connect({ port: listener.addr.port }));
         }
       } catch (error) {
         console.log("full:", error.message);
       }
       while (reports.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
       const first = clients.splice(0, 10);
       for (const client of first) client.close();
       let answered = 0;
       for (const client of clients) {
         await client.write(new TextEncoder().encode("hello\\n"));
         const into = new Uint8Array(6);
         if (await client.read(into) === 6) answered++;
         client.close();
       }
       copas.removeserver(listener);
       await loop;
       console.log("reports:", reports.join());
       console.log("answered:", answered === clients.length, answered > 10);`,
      ["--allow-net"],
      { prefix: ["bash", "-c", 'ulimit -n 64 && exec "$@"', "bash"] },
    );
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^full: Too many open files/);
    assertMatch(
      stdout,
      /\nreports: web: cannot accept: Too many open files \(os error 24\); trying again until it works\n/,
    );
    assertMatch(stdout, /\nanswered: true true\n/);
  },
});
