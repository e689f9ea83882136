// The face: handlers, and dispatchers that are apart.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import copas, { Copas } from "../../mod.ts";
import type { StreamSocket } from "../../src/socket/stream_socket.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, tcpPair, write } from "../fixtures/socket_pair.ts";
import { TestServer } from "../fixtures/socket_server.ts";

Deno.test("the module's default export is a dispatcher, and importing it does nothing", async () => {
  assertInstanceOf(copas, Copas);
  const { stdout, stderr, code } = await runScript(
    `import copas from "{mod}";
     console.log(copas.finished(), JSON.stringify(copas.status()));`,
    [],
  );
  assertEquals([code, stderr], [0, ""]);
  assert(stdout.startsWith("true {"), stdout);
});

Deno.test("dispatchers are apart: threads, servers, sockets, names, error handlers", async () => {
  using pair = await tcpPair();
  const [a, b] = [dispatcher(), dispatcher()];
  const errors: string[] = [];
  a.seterrorhandler(() => errors.push("a"), true);
  b.seterrorhandler(() => errors.push("b"), true);
  const listener = a.socket.bind("127.0.0.1", 0);
  a.setsocketname("of a", listener);
  a.addserver(listener, () => {});
  a.autoclose = false;
  b.addthread(() => {
    throw new Error("on purpose");
  });
  assertEquals(errors, ["b"]);
  assertEquals([a.status().servers.length, b.status().servers.length], [1, 0]);
  assertEquals([a.finished(), b.finished(), b.autoclose], [false, true, true]);
  assertEquals(b.getsocketname(listener).startsWith("tcp{server}"), true);
  await b.loop();
  a.removeserver(listener);
  // A thread of one may wait on a socket of the other.
  const skt = b.wrap(pair.ours);
  let line: unknown;
  a.addthread(async () => {
    line = await skt.receive();
  });
  await write(pair.theirs, "hello\n");
  // The other one is driven as long as `a` has something to do.
  const done = Promise.withResolvers<void>();
  const driving = b.wait(done.promise);
  await a.loop();
  done.resolve();
  await driving;
  assertEquals(line, "hello");
  await skt.close();
});

Deno.test("handler makes a handler whose function gets a Copas socket, and all other arguments", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const seen: unknown[] = [];
  const handler = copas.handler(
    (skt: StreamSocket, ...args: [number, string]) => {
      seen.push(skt, ...args);
      return "result";
    },
  );
  assertEquals(handler(pair.ours, 1, "two"), "result");
  assertEquals(seen, [copas.wrap(pair.ours), 1, "two"]);
  assertThrows(
    // deno-lint-ignore no-explicit-any
    () => copas.handler("echo" as any),
    TypeError,
    'handler(): fn must be a function, got "echo"',
  );
  await copas.wrap(pair.ours).close();
});

Deno.test("a handler runs within its thread: across every await it is the current one", async () => {
  const names: string[] = [];
  await using server = TestServer.start(async (conn, copas) => {
    const skt = copas.wrap(conn);
    names.push(copas.getthreadname());
    await skt.receive();
    names.push(copas.getthreadname());
    await Promise.resolve();
    names.push(copas.getthreadname());
    for await (const _ of skt) names.push(copas.getthreadname());
    await skt.send("bye");
    names.push(copas.getthreadname());
  }, { name: "web" });
  const client = await server.connect();
  await write(client, "one\ntwo\n");
  await client.closeWrite();
  assertEquals(await readText(client), "bye");
  assertEquals(names, Array(5).fill("web:handler_1"));
  assertEquals(server.copas.getthreadname(), "main");
});

Deno.test("a thread that a handler starts outlives it", async () => {
  const got: unknown[] = [];
  await using server = TestServer.start((conn, copas) => {
    copas.addnamedthread("logger", async () => {
      await copas.pause(1);
      got.push(copas.getthreadname(), copas.wrap(conn).closed);
    });
  });
  assertEquals(await readText(await server.connect()), "");
  server.copas.removeserver(server.listener);
  await server.ended;
  assertEquals(got, ["logger", true]);
});

Deno.test("top-level code needs no loop: each wait drives the dispatcher", async () => {
  const { code, stdout, stderr } = await runScript(
    `import copas from "{mod}";
     const server = copas.socket.bind("127.0.0.1", 0);
     copas.addserver(server, copas.handler(async (skt) => {
       for await (const line of skt) await skt.send(line.toUpperCase() + "\\n");
     }));
     const skt = await copas.socket.connect("127.0.0.1", server.addr.port);
     await skt.send("hello\\n");
     console.log(await skt.receive());
     console.log(await skt.receive("*l", { timeout: 0.01 }).catch((error) => error.code));`,
    ["--allow-net"],
  );
  // Neither the server nor the sockets that are left open keep the process alive.
  assertEquals([code, stdout, stderr], [0, "HELLO\ntimeout\n", ""]);
});
