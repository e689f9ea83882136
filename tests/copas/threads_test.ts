// Names, error handlers, tracebacks and status().

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import type { Task } from "../../src/core/task.ts";
import { HandshakeError, TooLongError } from "../../src/errors/errors.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { SetClock } from "../fixtures/set_clock.ts";
import { scripted, ScriptedConn } from "../fixtures/socket_script.ts";
import { strict, virtual } from "../fixtures/virtual.ts";

/** What is printed to stderr while `body` runs. */
async function printed(body: () => unknown): Promise<string> {
  const lines: string[] = [];
  const { error } = console;
  console.error = (...pieces: unknown[]) =>
    lines.push(
      pieces.map((piece) => piece instanceof Error ? piece.message : piece)
        .join(" "),
    );
  try {
    await body();
  } finally {
    console.error = error;
  }
  return lines.join("\n");
}

const fail = (error: unknown) => () => {
  throw error;
};

// --- Names -------------------------------------------------------------------------

Deno.test("threads have names of their own, given ones, and new ones", () => {
  const { copas } = virtual();
  const [a, b] = [copas.addthread(() => {}), copas.addthread(() => {})];
  assert(a.name !== b.name);
  const named = copas.addnamedthread("worker", () => {});
  assertEquals([named.name, `${named}`], ["worker", "worker"]);
  assertEquals(copas.getthreadname(named), "worker");
  copas.setthreadname("other", named);
  assertEquals(named.name, "other");
});

Deno.test("a thread asks for and sets its own name; outside there is main", async () => {
  const { copas, events } = virtual();
  copas.addthread(async () => {
    copas.setthreadname("first");
    await copas.pause();
    events.push(copas.getthreadname());
  });
  await copas.loop();
  assertEquals(events, ["first"]);
  assertEquals(copas.getthreadname(), "main");
});

Deno.test("wrong names and threads are refused, and nothing is changed", () => {
  const { copas } = virtual();
  const task = copas.addnamedthread("T", () => copas.pauseforever());
  const wrong = "T" as unknown as Task;
  const calls: [() => unknown, string][] = [
    [
      () => copas.addthread(5 as never),
      "addthread(): fn must be a function, got 5",
    ],
    [
      () => copas.addnamedthread(5 as never, () => {}),
      "addnamedthread(): the name must be a string, got 5",
    ],
    [
      () => copas.addnamedthread("T", "f" as never),
      'addnamedthread(): fn must be a function, got "f"',
    ],
    [
      () => copas.setthreadname(5 as never, task),
      "setthreadname(): the name must be a string, got 5",
    ],
    [
      () => copas.setthreadname("N", wrong),
      'setthreadname(): the thread must be a Task, as addthread() returns it, got "T"',
    ],
    [
      () => copas.getthreadname(null as never),
      "getthreadname(): the thread must be a Task, as addthread() returns it, got null",
    ],
    [
      () => copas.removethread(undefined as never),
      "removethread(): the thread must be a Task, as addthread() returns it, got undefined",
    ],
    [
      () => copas.wakeup(wrong),
      'wakeup(): the thread must be a Task, as addthread() returns it, got "T"',
    ],
    [
      () => copas.geterrorhandler(wrong),
      'geterrorhandler(): the thread must be a Task, as addthread() returns it, got "T"',
    ],
    [
      () => copas.seterrorhandler("x" as never),
      'seterrorhandler(): fn must be a function, got "x"',
    ],
    [
      () => copas.seterrorhandler(undefined, true),
      "seterrorhandler(): fn must be a function, got undefined",
    ],
    [
      () => copas.protect("x" as never),
      'protect(): fn must be a function, got "x"',
    ],
    [
      () => copas.status("x" as never),
      'status(): stats must be a boolean, got "x"',
    ],
  ];
  for (const [call, message] of calls) {
    assertEquals(assertThrows(call, TypeError).message, message);
  }
  assertEquals([task.name, task.status], ["T", "suspended"]);
  assertEquals(copas.status().threads, 1);
});

// --- Error handlers ------------------------------------------------------------------

Deno.test("an error reaches the thread's own handler, else the default one, with the thread", async () => {
  const { copas, events } = virtual();
  const [first, second] = [new Error("1"), { any: "value" }];
  const note = (name: string) => (error: unknown, task: Task) =>
    events.push(name, error, task.name);
  copas.seterrorhandler(note("default"), true);
  copas.addnamedthread("A", async () => {
    copas.seterrorhandler(note("own"));
    await copas.pause();
    throw first;
  });
  copas.addnamedthread("B", fail(second));
  copas.addnamedthread("C", fail(undefined));
  await copas.loop();
  assertEquals(events, [
    ...["default", second, "B"],
    ...["default", undefined, "C"],
    ...["own", first, "A"],
  ]);
});

Deno.test("a thread that another one adds has the default handler", async () => {
  const { copas, events } = virtual();
  copas.seterrorhandler(() => events.push("default"), true);
  copas.addthread(() => {
    copas.seterrorhandler(() => events.push("own"));
    copas.addthread(fail(new Error()));
  });
  await copas.loop();
  assertEquals(events, ["default"]);
});

Deno.test("seterrorhandler without a function takes the thread's own handler away", async () => {
  const { copas, events } = virtual();
  const own = () => events.push("own");
  const other = () => events.push("default");
  copas.seterrorhandler(other, true);
  const task = copas.addthread(async () => {
    copas.seterrorhandler(own);
    assertEquals(copas.geterrorhandler(), own);
    await copas.pause();
    copas.seterrorhandler();
    assertEquals(copas.geterrorhandler(), other);
    throw new Error();
  });
  assertEquals(copas.geterrorhandler(task), own);
  assertEquals(copas.geterrorhandler(), other);
  await copas.loop();
  assertEquals(events, ["default"]);
});

Deno.test("a handler that is set outside every thread is the default one, of this dispatcher only", () => {
  const [a, b] = [virtual().copas, virtual().copas];
  const before = b.geterrorhandler();
  const handler = () => {};
  a.seterrorhandler(handler);
  assertEquals(a.geterrorhandler(), handler);
  assertEquals(b.geterrorhandler(), before);
});

Deno.test("the error handler gets the socket that the thread waited for last", async () => {
  const { copas, conn, skt } = scripted();
  const events: unknown[] = [];
  copas.seterrorhandler((_error, _task, socket) => events.push(socket), true);
  conn.feed("line\n");
  copas.addthread(async () => {
    await skt.receive();
    throw new Error();
  });
  copas.addthread(fail(new Error()));
  await copas.loop();
  assertEquals(events, [undefined, skt]);
  await skt.close();
});

Deno.test("without a handler, the error is printed with thread, socket and stack", async () => {
  const { copas } = virtual();
  copas.seterrorhandler();
  const text = await printed(() =>
    copas.addnamedthread("T", fail(new RangeError("no luck")))
  );
  assertStringIncludes(text, "RangeError: no luck (thread: T, socket: none)");
  assertMatch(text, /\n {4}at .*threads_test\.ts/);
});

Deno.test("an error in an error handler is printed with the first one, and the loop goes on", async () => {
  const { copas, events } = virtual();
  const handlers = [
    fail(new Error("second")),
    () => Promise.reject(new Error("second")),
  ];
  const text = await printed(async () => {
    for (const handler of handlers) {
      copas.seterrorhandler(handler, true);
      copas.addthread(fail(new Error("first")));
      await copas.loop(async () => {
        await copas.pause(1);
        events.push("went on");
      });
    }
  });
  assertEquals(
    text.match(/Failed executing error handler: second/g)?.length,
    2,
  );
  assertEquals(text.match(/first/g)?.length, 2);
  assertEquals(events, ["went on", "went on"]);
});

Deno.test("an error handler may wait, outside every thread", async () => {
  const { copas, clock, events } = virtual();
  copas.seterrorhandler(async (error) => {
    events.push(copas.getthreadname());
    await copas.pause(5);
    events.push((error as Error).message, clock.now());
  }, true);
  const outer = copas.addthread(async () => {
    copas.addnamedthread("T", fail(new Error("no luck")));
    await copas.pause(1);
  });
  copas.removethread(outer);
  await copas.loop();
  assertEquals(events, ["main", "no luck", 5]);
});

// --- Tracebacks --------------------------------------------------------------------------

Deno.test("a traceback tells the message, the names, the stack, and what caused the error", () => {
  const { copas, skt } = scripted();
  const task = copas.addnamedthread("T", () => {});
  const root = new TypeError("root");
  const error = new RangeError("no luck", {
    cause: new Error("between", { cause: root }),
  });
  const lines = copas.gettraceback(error, task, skt).split("\n");
  assertEquals(
    lines[0],
    `RangeError: no luck (thread: T, socket: ${skt.name})`,
  );
  assertMatch(lines[1], /^ {4}at /);
  assertEquals(
    lines.filter((line) => line.startsWith("Caused by")),
    ["Caused by: Error: between", "Caused by: TypeError: root"],
  );
  skt.close();
});

Deno.test("a traceback takes any value, and none", () => {
  const { copas } = virtual();
  const task = copas.addnamedthread("T", () => {});
  const names = "(thread: T, socket: none)";
  const firstLine = (error: unknown) =>
    copas.gettraceback(error, task).split("\n")[0];
  assertEquals(firstLine("text"), `text ${names}`);
  assertEquals(firstLine(undefined), names);
  assertEquals(firstLine(""), names);
  assertEquals(firstLine(null), `null ${names}`);
  assertEquals(firstLine(Symbol("s")), `Symbol(s) ${names}`);
  assertEquals(firstLine({ code: 5 }), `{ code: 5 } ${names}`);
  assertStringIncludes(firstLine(Object.create(null)), names);
  assertEquals(copas.gettraceback(), "(thread: none, socket: none)");
  const circle = new Error("circle");
  circle.cause = circle;
  assertEquals(firstLine(circle), `Error: circle ${names}`);
  const odd = new Error("odd", { cause: "a reason" });
  assert(copas.gettraceback(odd).endsWith("Caused by: a reason"));
  const many = new AggregateError([new Error("one"), "two"], "many");
  assertStringIncludes(copas.gettraceback(many), "Error: one");
});

// --- status -------------------------------------------------------------------------------

/** The counts of `status()` that are not 0. */
function counts(copas: Copas): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(copas.status()).filter(([, value]) =>
      typeof value === "number" && value > 0
    ),
  );
}

Deno.test("status counts who waits for what", async () => {
  const { copas, conn, skt } = scripted();
  assertEquals(counts(copas), {});
  assertEquals(copas.status().running, false);
  conn.hold();
  const sleeper = copas.addthread(() => copas.pauseforever());
  copas.addthread(() => copas.pause(5));
  copas.addthread(() => skt.receive());
  copas.addthread(() => skt.send(new Uint8Array(1_000_000)));
  copas.addthread(() => copas.wait(new Promise(() => {})));
  copas.addthread(() => new Promise(() => {}));
  copas.addthread(() => {
    copas.timeout(5, () => {});
    return copas.waitforexit();
  });
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, () => {});
  assertEquals(counts(copas), {
    read: 2,
    write: 1,
    timer: 1,
    inactive: 2,
    timeout: 1,
    outside: 1,
    threads: 7,
  });
  assertEquals(copas.status().servers.map(({ addr }) => addr), [server.addr]);
  copas.wakeup(sleeper);
  const { active, inactive } = copas.status();
  assertEquals([active, inactive], [1, 1]);
  copas.removeserver(server);
  conn.release();
  skt.close();
  copas.cancelall();
  await copas.loop();
  assertEquals(counts(copas), { threads: 1, timeout: 1 });
});

Deno.test("status measures steps from the call that switches it on, and begins anew with each", async () => {
  const { copas, clock } = virtual();
  const measured = (stats?: boolean) => {
    const { steps, timestart, timeend, timetot, timeavg } = copas.status(stats);
    return { steps, timestart, timeend, timetot, timeavg };
  };
  const nothing = {
    steps: undefined,
    timestart: undefined,
    timeend: undefined,
    timetot: undefined,
    timeavg: undefined,
  };
  const steps = async (count: number) => {
    for (let i = 0; i < count; i++) {
      copas.addthread(() => copas.pause(2));
      await copas.step();
    }
  };
  await steps(1);
  assertEquals(measured(), nothing);
  assertEquals(measured(true), nothing);
  assertEquals(measured(), nothing);
  await steps(3);
  assertEquals(measured(), {
    steps: 3,
    timestart: 2,
    timeend: 8,
    timetot: 6,
    timeavg: 2000,
  });
  assertEquals(measured(), nothing);
  await steps(1);
  assertEquals(measured(true).steps, 1);
  await steps(1);
  assertEquals(measured(false), nothing);
  await steps(1);
  assertEquals(measured(), nothing);
  assertEquals(clock.now(), 14);
});

Deno.test("a step's duration is that of the threads that ran in it", async () => {
  const clock = new SetClock();
  const copas = strict(new Copas({ clock }));
  copas.status(true);
  for (const seconds of [3, 1]) {
    copas.addthread(async () => {
      await copas.pause();
      await null;
      clock.advance(seconds);
    });
    await copas.step();
  }
  const status = copas.status();
  const { durationmin, durationmax, durationavg, durationtot } = status;
  assertEquals([durationmin, durationmax, durationavg, durationtot], [
    1000,
    3000,
    2000,
    4000,
  ]);
  await copas.step(0);
  const later = copas.status();
  assertEquals([later.durationmax, later.durationmin], [0, 0]);
  assertEquals([later.durationminever, later.durationmaxever], [0, 3000]);
  assertEquals(new ScriptedConn().reads, 0);
});

// --- Threads of others ---------------------------------------------------------------

Deno.test("a thread of another dispatcher is refused, wherever a thread is asked for", () => {
  const { copas } = virtual();
  const other = virtual().copas;
  const task = other.addnamedthread("theirs", () => other.pauseforever());
  const calls: [string, () => unknown][] = [
    ["removethread", () => copas.removethread(task)],
    ["wakeup", () => copas.wakeup(task)],
    ["setthreadname", () => copas.setthreadname("mine", task)],
    ["getthreadname", () => copas.getthreadname(task)],
    ["geterrorhandler", () => copas.geterrorhandler(task)],
  ];
  for (const [name, call] of calls) {
    assertThrows(
      call,
      TypeError,
      `${name}(): thread theirs belongs to another dispatcher; call the ${name} of that one`,
    );
  }
  assertEquals([task.name, task.status], ["theirs", "suspended"]);
  // A view is the same dispatcher.
  other.scoped({ net: [] }).wakeup(task);
});

Deno.test("main can't be removed, not by a timeout of its own either", async () => {
  const { copas } = virtual();
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push((error as Error).message));
  copas.timeout(1, (task) => copas.removethread(task));
  await copas.pause(2);
  await copas.pause(2);
  assertEquals(errors, [
    "removethread(): main is the code outside every thread and can't be removed; give a Task that addthread() has returned",
  ]);
});

Deno.test("the removal of a thread reaches its wait on another dispatcher", async () => {
  const { copas, events } = virtual();
  // Its time is real: no jump of a virtual clock ends the wait.
  const other = new Copas();
  const task = copas.addthread(async () => {
    for (const seconds of [100, 200]) {
      await other.pause(seconds).catch((error) => events.push(error.code));
    }
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(task);
  });
  await copas.loop();
  for (let i = 0; i < 10; i++) await turn();
  assertEquals(events, ["cancelled", "cancelled"]);
});

Deno.test("a thread whose result can't be awaited ends with an error", async () => {
  const { copas } = virtual();
  const errors: unknown[] = [];
  copas.seterrorhandler(
    (error) => errors.push((error as Error).message),
    true,
  );
  const results = [
    {
      then() {
        throw new Error("then has thrown");
      },
    },
    {
      get then(): unknown {
        throw new Error("then can't be read");
      },
    },
  ];
  const tasks = results.map((result) => copas.addthread(() => result));
  copas.addthread(() => copas.wait(results[0] as never));
  copas.addthread(() => copas.wait(results[1] as never));
  await copas.loop();
  assertEquals(tasks.map(({ status }) => status), ["dead", "dead"]);
  assertEquals(errors.sort(), [
    "then can't be read",
    "then can't be read",
    "then has thrown",
    "then has thrown",
  ]);
  assertEquals(copas.status().threads, 0);
});

// --- The default error handler -----------------------------------------------------

Deno.test("errors that peers cause take a line each, and then one with a count every so often", async () => {
  const dispatcher = new Copas({ clock: new VirtualClock() });
  const output = await printed(async () => {
    await dispatcher.loop(async () => {
      for (let i = 0; i < 30; i++) {
        dispatcher.addthread(() => {
          throw new HandshakeError(`no TLS from ${i}`);
        });
      }
      dispatcher.addthread(() => {
        throw new RangeError("a mistake");
      });
      await dispatcher.pause(60);
    });
  });
  const lines = output.split("\n");
  const ofPeers = lines.filter((line) => line.includes("no TLS"));
  assertEquals(ofPeers.length, 11);
  assertMatch(
    ofPeers[0],
    /^HandshakeError: no TLS from 0 \(thread: thread_\d+, socket: none\)$/,
  );
  assertMatch(
    ofPeers[10],
    /^20 more errors \(handshake\), the last: HandshakeError: no TLS from 29 /,
  );
  // A mistake of the program has its stack.
  assertStringIncludes(output, "RangeError: a mistake");
  assert(lines.some((line) => line.startsWith("    at ")));
});

Deno.test("a kind of error that pauses for a while is printed again, and the exit tells what was counted", async () => {
  const dispatcher = new Copas({ clock: new VirtualClock() });
  const storm = (count: number) => {
    for (let i = 0; i < count; i++) {
      dispatcher.addthread(() => {
        throw new TooLongError("a long line");
      });
    }
  };
  const output = await printed(async () => {
    await dispatcher.loop(async () => {
      storm(12);
      await dispatcher.pause(100);
      storm(12);
    });
  });
  const lines = output.split("\n");
  assertEquals(lines.filter((line) => /^TooLong/.test(line)).length, 20);
  assertEquals(lines.filter((line) => /^2 more errors/.test(line)).length, 2);
  assertEquals(lines.length, 22);
});
