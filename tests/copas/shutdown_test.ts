// The end within a bound. What ends a process is tested in processes of their
// own, with real signals.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { Program } from "../fixtures/program.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { readText, write } from "../fixtures/socket_pair.ts";
import { ask, echo, TestServer } from "../fixtures/socket_server.ts";
import { virtual } from "../fixtures/virtual.ts";

Deno.test("shutdown refuses new clients, lets what is served end, and tells how it went", async () => {
  await using server = TestServer.start(echo);
  const { copas } = server;
  const [one, two] = [await server.connect(), await server.connect()];
  assertEquals([await ask(one, "a"), await ask(two, "b")], ["a", "b"]);
  const ended = copas.shutdown({ grace: 60 });
  for (let i = 0; i < 10; i++) await turn();
  await assertRejects(() => server.connect(), Deno.errors.ConnectionRefused);
  assertEquals(await ask(one, "still served"), "still served");
  one.close();
  two.close();
  assertEquals(await ended, { served: 2, cut: 0 });
  await server.ended;
});

Deno.test("exitsignal ends idle waits at the shutdown, and the next loop has another", async () => {
  await using server = TestServer.start(async (conn, copas) => {
    const signal = copas.exitsignal;
    while (await copas.receive(conn, "*l", { signal }) !== null);
  });
  const { copas } = server;
  const client = await server.connect();
  while (copas.status().read < 2) await turn();
  const { exitsignal } = copas;
  assertEquals(exitsignal.aborted, false);
  assertEquals(await copas.shutdown({ grace: 60 }), { served: 1, cut: 0 });
  assertEquals([exitsignal.aborted, await readText(client)], [true, ""]);
  await server.ended;
  await copas.loop(() => assertEquals(copas.exitsignal.aborted, false));
});

Deno.test("recurring timers and idle workers of queues don't keep a shutdown waiting; their finally blocks run", async () => {
  const { copas, clock, events } = virtual();
  copas.timer.new({
    delay: 1,
    recurring: true,
    callback: async () => {
      events.push("call begins");
      await copas.pause(3);
      events.push("call ends");
    },
  });
  copas.timer.new({ delay: 100, recurring: true, callback: () => {} });
  const queue = copas.queue.new<number>();
  const worker = queue.addworker((item) => void events.push(item));
  copas.addthread(async () => {
    await queue.push(1);
    try {
      await queue.pop(Infinity);
    } finally {
      events.push("idle thread ends");
    }
  });
  copas.addthread(async () => {
    await copas.pause(2);
    assertEquals(await copas.shutdown(), { served: 0, cut: 0 });
    events.push(`over at ${clock.now()}`);
  });
  await copas.loop();
  assertEquals(events, [
    1,
    "call begins",
    "call ends",
    "idle thread ends",
    "over at 4",
  ]);
  assertEquals(worker.status, "dead");
});

Deno.test("after grace seconds threads are cut, with their finally blocks and shields", async () => {
  const { copas, clock, events } = virtual();
  copas.addthread(async () => {
    try {
      await copas.pause(1000);
    } finally {
      await copas.shield(() => copas.pause(2));
      events.push(`cleaned up at ${clock.now()}`);
    }
  });
  copas.addthread(async () => {
    for (;;) {
      try {
        await copas.pause(1000);
      } catch {
        // Goes on whatever happens.
      }
    }
  });
  copas.seterrorhandler((error) => events.push((error as Error).name), true);
  copas.addthread(async () => {
    assertEquals(await copas.shutdown({ grace: 10 }), { served: 0, cut: 2 });
  });
  await copas.loop();
  assertEquals(events, ["Error", "cleaned up at 12"]);
  assertEquals(clock.now() < 13, true);
});

Deno.test("a shield without an end does not make the shutdown endless", async () => {
  const { copas, clock } = virtual();
  copas.addthread(async () => {
    try {
      await copas.pause(1000);
    } finally {
      await copas.shield(() => copas.pause(1e6), { timeout: 1e6 });
    }
  });
  copas.addthread(() => copas.shutdown({ grace: 1 }));
  await copas.loop();
  assertEquals(clock.now() < 7, true);
});

Deno.test("outside every thread, shutdown drives the dispatcher to its end", async () => {
  const copas = dispatcher(new VirtualClock());
  copas.addserver(copas.socket.bind("127.0.0.1", 0), () => {});
  copas.addthread(() => copas.pause(3));
  assertEquals(await copas.shutdown({ grace: 5 }), { served: 0, cut: 0 });
  assertEquals([copas.finished(), copas.exiting()], [true, false]);
  // And a loop may begin anew.
  let ran = false;
  await copas.loop(() => ran = true);
  assertEquals(ran, true);
});

Deno.test("a server that is registered during a shutdown is closed at once", async () => {
  await using server = TestServer.start(echo);
  const { copas } = server;
  const client = await server.connect();
  await ask(client, "hello");
  const ended = copas.shutdown({ grace: 60 });
  const late = copas.addserver(copas.socket.bind("127.0.0.1", 0), () => {});
  assertEquals(late.closed, true);
  client.close();
  await ended;
});

Deno.test("a second shutdown can shorten the time, and resolves with the first", async () => {
  const { copas, clock } = virtual();
  copas.addthread(() => copas.pause(1000));
  const results: unknown[] = [];
  copas.addthread(async () =>
    results.push(await copas.shutdown({ grace: 100 }))
  );
  copas.addthread(async () => results.push(await copas.shutdown({ grace: 5 })));
  await copas.loop();
  assertEquals(results, [{ served: 0, cut: 1 }, { served: 0, cut: 1 }]);
  assertEquals(clock.now() < 6, true);
});

Deno.test("wrong arguments are refused, and nothing ends", async () => {
  const copas = dispatcher();
  await assertRejects(() => copas.shutdown({ grace: NaN }), RangeError);
  assertThrows(() => copas.shutdownon([]), TypeError, "an array of signals");
  assertThrows(
    () => copas.shutdownon("SIGINT" as never),
    TypeError,
    "an array of signals",
  );
  assertThrows(
    () => copas.shutdownon(["SIGHUB" as never]),
    TypeError,
    'shutdownon(): a signal must be a signal of this system that a program may catch, such as "SIGTERM", got "SIGHUB"',
  );
  assertThrows(
    () => copas.shutdownon([15 as never]),
    TypeError,
    "shutdownon(): a signal must be a string, got 15",
  );
  assertEquals([copas.exiting(), copas.exitsignal.aborted], [false, false]);
});

// --- In processes of their own --------------------------------------------------

const root = new URL("../../", import.meta.url);

/** Runs a program of which `body` is the main part, with `copas` and a server that the handler of `body` serves. */
function program(body: string): Program {
  const script = `
    import copas from ${JSON.stringify(new URL("mod.ts", root).href)};
    const say = (text) => console.log(text);
    ${body}
    say("the end");`;
  return new Program([
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-net"],
    ...["--unstable-net", "--allow-read", "--no-lock"],
    ...["--config", new URL("deno.json", root).pathname],
    `data:text/javascript,${encodeURIComponent(script)}`,
  ]);
}

/** A program that serves until a signal comes, and says its port. */
function serving(handler: string, grace: number, more = ""): Program {
  return program(`
    copas.shutdownon(["SIGINT", "SIGTERM"], { grace: ${grace} });
    const listener = copas.socket.bind("127.0.0.1", 0);
    copas.addserver(listener, copas.handler(${handler}));
    ${more}
    copas.addthread(() => say("port " + listener.addr.port));
    await copas.loop();`);
}

async function clientOf(child: Program): Promise<Deno.TcpConn> {
  const [, port] = await child.says(/port (\d+)/);
  return await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
}

const signalTest = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, ignore: Deno.build.os === "windows", fn });

signalTest(
  "a signal ends a program although an idle client stays, with exit code 0",
  async () => {
    await using child = serving(
      `async (skt) => { for await (const line of skt) await skt.send(line + "\\n"); }`,
      0.2,
    );
    using client = await clientOf(child);
    await write(client, "hello\n");
    assertEquals(await readText(client, 6), "hello\n");
    child.kill("SIGTERM");
    const { output, code } = await child.ended();
    assertEquals([output.includes("the end"), code], [true, 0]);
    assertEquals(await readText(client), "");
  },
);

signalTest(
  "a signal ends a program although a timer recurs, a peer does not read, and a handler ignores its removal",
  async () => {
    await using child = serving(
      `async (skt) => {
       if (await skt.receive() === "flood") for (;;) await skt.send("x".repeat(60_000));
       say("stubborn");
       for (;;) try { await copas.pause(1000); } catch {}
     }`,
      0.3,
      `copas.seterrorhandler(() => say("given up"), true);
     copas.timer.new({ delay: 0.05, recurring: true, callback: () => say("tick") });`,
    );
    using flooded = await clientOf(child);
    using stubborn = await clientOf(child);
    await write(flooded, "flood\n");
    await write(stubborn, "stay\n");
    await child.says(/stubborn[^]*tick/);
    child.kill("SIGINT");
    const { output, code } = await child.ended();
    assertEquals([output.match(/given up|the end/g), code], [
      ["given up", "the end"],
      0,
    ]);
  },
);

signalTest(
  "a signal ends a program although workers serve, and a client of one stays",
  async () => {
    const handler = `export default async (skt) => {
    try { await skt.send("hello\\n"); await skt.receive(); }
    finally { console.log("worker cleans up"); }
  }`;
    const module = `data:text/javascript,${encodeURIComponent(handler)}`;
    await using child = program(`
    copas.shutdownon(["SIGTERM"], { grace: 0.2 });
    const workers = copas.addworkers(new URL(${JSON.stringify(module)}), {
      hostname: "127.0.0.1", port: 0, count: 1,
    });
    workers.ready.then(() => say("port " + workers.addr.port));
    await copas.loop();
    say(JSON.stringify(workers.drained));`);
    using client = await clientOf(child);
    assertEquals(await readText(client, 6), "hello\n");
    child.kill("SIGTERM");
    const { output, code } = await child.ended();
    assertEquals(
      output.match(/worker cleans up|\{.*\}|the end/g),
      ["worker cleans up", '{"served":0,"cut":1}', "the end"],
      output,
    );
    assertEquals(code, 0);
  },
);

signalTest(
  "a second signal ends the process at once, with the exit code of the signal",
  async () => {
    for (
      const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const
    ) {
      await using child = serving(
        `async (skt) => { say("serving"); await skt.receive(); }`,
        1000,
        `copas.addthread(async () => { await copas.waitforexit(); say("exiting"); });`,
      );
      using _client = await clientOf(child);
      await child.says(/serving/);
      child.kill("SIGINT");
      await child.says(/exiting/);
      child.kill(signal);
      const { output, code } = await child.ended();
      assertEquals(
        [output.includes("the end"), code],
        [false, expected],
        output,
      );
    }
  },
);

signalTest(
  "a signal that comes before loop() ends that at once, and a server that is bound after it",
  async () => {
    await using child = program(`
    copas.shutdownon(["SIGTERM"], { grace: 1 });
    const begun = new Promise((resolve) => Deno.addSignalListener("SIGTERM", resolve));
    const timer = setTimeout(() => {}, 1e6);
    say("ready");
    await begun;
    clearTimeout(timer);
    copas.addserver(copas.socket.bind("127.0.0.1", 0), () => {});
    await copas.loop();`);
    await child.says(/ready/);
    child.kill("SIGTERM");
    const { output, code } = await child.ended();
    assertEquals([output.includes("the end"), code], [true, 0]);
  },
);

signalTest(
  "when the loop has ended, signals do again what they do without Copas",
  async () => {
    await using child = program(`
    copas.shutdownon(["SIGTERM"]);
    await copas.loop();
    say("loop over");
    await new Promise((resolve) => setTimeout(resolve, 1e6));`);
    await child.says(/loop over/);
    child.kill("SIGTERM");
    const { output, code } = await child.ended();
    assertEquals([output.includes("the end"), code], [false, 143]);
  },
);

signalTest(
  "shutdownon twice: one signal begins one end, with the shorter time",
  async () => {
    const twice = `copas.shutdownon(["SIGTERM"], { grace: 0.2 });`;
    const handler = `async (skt) => { say("serving"); await skt.receive(); }`;
    await using child = serving(handler, 1000, twice);
    using client = await clientOf(child);
    await child.says(/serving/);
    child.kill("SIGTERM");
    const { output, code } = await child.ended();
    assertEquals([output.includes("the end"), code], [true, 0]);
    assertEquals(await readText(client).catch(() => ""), "");
  },
);

signalTest(
  "a signal while shutdown() is under way, which the program has begun itself, shortens it",
  async () => {
    await using child = serving(
      `async (skt) => {
        copas.addthread(() => copas.shutdown({ grace: 1000 }));
        say("ending");
        await skt.receive();
      }`,
      0.2,
    );
    using _client = await clientOf(child);
    await child.says(/ending/);
    child.kill("SIGINT");
    const { output, code } = await child.ended();
    assertEquals([output.includes("the end"), code], [true, 0]);
  },
);

signalTest(
  "a signal ends a program although a worker's handler ignores exitsignal and its removal",
  async () => {
    const handler = `export default async (skt) => {
      await skt.send("hello\\n");
      for (;;) try { await skt.receive(); } catch { await new Promise(() => {}); }
    }`;
    const module = `data:text/javascript,${encodeURIComponent(handler)}`;
    await using child = program(`
    copas.shutdownon(["SIGTERM"], { grace: 0.2 });
    copas.seterrorhandler(() => {}, true);
    const workers = copas.addworkers(new URL(${JSON.stringify(module)}), {
      hostname: "127.0.0.1", port: 0, count: 1, grace: 1000,
    });
    workers.ready.then(() => say("port " + workers.addr.port));
    await copas.loop();`);
    using client = await clientOf(child);
    assertEquals(await readText(client, 6), "hello\n");
    child.kill("SIGTERM");
    const { output, code } = await child.ended();
    assertEquals([output.includes("the end"), code], [true, 0], output);
  },
);
