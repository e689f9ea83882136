// Removing a thread, whatever it does at that moment.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CancelledError } from "../../src/errors/errors.ts";
import { virtual } from "../fixtures/virtual.ts";
import { turn } from "../fixtures/event_loop.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";
import { scripted } from "../fixtures/socket_script.ts";

/** Errors that leave a thread are among the events. */
function make(): ReturnType<typeof virtual> {
  const world = virtual();
  world.copas.seterrorhandler((error) => world.events.push(error), true);
  return world;
}

Deno.test("a sleeping thread that is removed cleans up at once, and no error is reported", async () => {
  const { copas, clock, events } = make();
  const task = copas.addthread(async () => {
    try {
      await copas.pause(3600);
    } finally {
      events.push("cleaned up");
    }
  });
  copas.addthread(() => {
    copas.removethread(task);
    events.push("removed");
  });
  await copas.loop();
  assertEquals(events, ["removed", "cleaned up"]);
  assertEquals([clock.now(), task.status], [0, "dead"]);
});

Deno.test("every wait of a removed thread fails, the one under way and those that follow", async () => {
  const { copas, clock, events } = make();
  const task = copas.addthread(async () => {
    const calls: (() => Promise<unknown>)[] = [
      () => copas.pauseforever(),
      () => copas.pause(1),
      () => copas.pause(),
      () => copas.sleep(1),
      () => copas.wait(new Promise(() => {})),
      () => copas.wait(Promise.resolve()),
      () => copas.waitforexit(),
    ];
    for (const call of calls) {
      const error = await assertRejects(call, CancelledError);
      events.push(error.message);
    }
    events.push(clock.now());
  });
  copas.removethread(task);
  await copas.loop(() => copas.pause(1));
  assertEquals(events, [
    "Cannot sleep until woken: the thread was removed",
    "Cannot sleep: the thread was removed",
    "Cannot sleep: the thread was removed",
    "Cannot sleep: the thread was removed",
    "Cannot wait for the promise: the thread was removed",
    "Cannot wait for the promise: the thread was removed",
    "Cannot wait for the exit: the thread was removed",
    0,
  ]);
});

Deno.test("a thread that removes itself goes on to its next wait", async () => {
  const { copas, events } = make();
  const task = copas.addthread(async () => {
    await copas.pause();
    copas.removethread(task);
    events.push("still here");
    await null;
    events.push("and here");
    await copas.pause();
    events.push("never");
  });
  await copas.loop();
  assertEquals(events, ["still here", "and here"]);
});

Deno.test("a thread can be removed before it has come to its first wait", async () => {
  const { copas, events } = make();
  let remove = () => {};
  copas.addthread(async () => {
    await null;
    remove();
    await copas.pause();
    events.push("never");
  });
  const task = copas.addthread(async () => {
    await turn();
    await copas.pause();
    events.push("never");
  });
  remove = () => copas.removethread(task);
  copas.removethread(task);
  await copas.loop();
  await turn();
  assertEquals(events.filter((event) => event !== "never"), []);
});

Deno.test("a thread that was woken and has not run yet can still be removed", async () => {
  const { copas, events } = make();
  const tasks = [
    copas.addthread(async () => {
      await copas.pauseforever();
      events.push("never");
    }),
    copas.addthread(async () => {
      await copas.pause();
      events.push("never");
    }),
  ];
  copas.wakeup(tasks[0]);
  for (const task of tasks) copas.removethread(task);
  await copas.loop();
  assertEquals(events, []);
});

Deno.test("a thread that waits for a socket leaves it: the next reader gets what comes", async () => {
  const { copas, conn, skt } = scripted();
  const events: unknown[] = [];
  const first = copas.addthread(async () => {
    try {
      await skt.receive();
    } finally {
      events.push("first is gone");
    }
  });
  copas.addthread(async () => events.push(await skt.receive()));
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(first);
    await copas.pause(1);
    conn.feed("hello\n");
  });
  await copas.loop();
  assertEquals(events, ["first is gone", "hello"]);
  await skt.close();
});

Deno.test("a thread that waits for a socket does not hold the loop when it is removed", async () => {
  const { copas, skt } = scripted();
  const task = copas.addthread(() => skt.receive());
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(task);
  });
  await copas.loop();
  assertEquals(task.status, "dead");
  await skt.close();
});

Deno.test("a handler that is removed while it sleeps cleans up, and its connection is closed", async () => {
  const { copas, clock, events } = make();
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, async () => {
    copas.timeout(5, (task) => copas.removethread(task));
    try {
      await copas.pause(3600);
    } finally {
      events.push("cleaned up");
    }
  });
  const skt = await copas.socket.connect("127.0.0.1", server.addr.port);
  assertEquals(await skt.receive(), null);
  assertEquals([events, clock.now()], [["cleaned up"], 5]);
  await skt.close();
  copas.removeserver(server);
});

Deno.test("a removed thread that sends more than the buffer takes gets an error, and the dispatcher goes on", async () => {
  const { copas, events } = make();
  using pair = await tcpPair();
  const skt = copas.wrap(pair.ours);
  const task = copas.addthread(async () => {
    try {
      await copas.pauseforever();
    } finally {
      await assertRejects(
        () => skt.send(new Uint8Array(10_000_000)),
        CancelledError,
        "the thread was removed",
      );
      events.push("cleaned up");
    }
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(task);
    await copas.pause(1);
    events.push("went on");
  });
  await copas.loop();
  await skt.close();
  assertEquals(events, ["cleaned up", "went on"]);
});

Deno.test("removing a thread that has ended, or was removed before, does nothing", async () => {
  const { copas, events } = make();
  const dead = copas.addthread(() => {});
  const task = copas.addthread(() => copas.pause(1));
  for (const one of [dead, task, task]) copas.removethread(one);
  await copas.loop();
  copas.removethread(task);
  assertEquals(events, []);
});

Deno.test("a removed thread may still throw its own error, and that is reported", async () => {
  const { copas, events } = make();
  const error = new Error("the cleaning failed");
  const task = copas.addthread(async () => {
    try {
      await copas.pause(1);
    } finally {
      // deno-lint-ignore no-unsafe-finally -- it is what the test is about
      throw error;
    }
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals(events, [error]);
});

Deno.test("a removed thread that waits for something else does not hold the loop, but may clean up", async () => {
  const { copas, events } = make();
  const never = copas.addthread(() => new Promise(() => {}));
  const tidy = copas.addthread(async () => {
    try {
      await copas.pauseforever();
    } finally {
      for (let i = 0; i < 20; i++) await null;
      events.push("cleaned up");
    }
  });
  copas.removethread(never);
  copas.removethread(tidy);
  assert(!copas.finished());
  await copas.loop();
  assertEquals(events, ["cleaned up"]);
});

Deno.test("what a removed thread still runs after its end gets no further", async () => {
  const { copas, events } = make();
  const task = copas.addthread(async () => {
    const branch = async () => {
      await copas.pause(1).catch(() => {});
      await copas.pause(1);
      events.push("never");
    };
    await Promise.race([copas.pause(1), branch()]);
  });
  copas.removethread(task);
  await copas.loop();
  await copas.pause(10);
  assertEquals(events, []);
});

Deno.test("removing a thread that has ended ends the calls that it left behind", async () => {
  const { copas, clock, events } = make();
  const task = copas.addthread(() => {
    copas.pause(3600).catch((error) =>
      events.push(error instanceof CancelledError)
    );
  });
  assertEquals(task.status, "dead");
  copas.removethread(task);
  await copas.loop();
  assertEquals([events, clock.now()], [[true], 0]);
});

Deno.test("a removed thread that catches every error is given up with a report, and the loop ends", async () => {
  const { copas, clock, events } = make();
  const reports: string[] = [];
  copas.seterrorhandler((error, task) => {
    reports.push(`${task}: ${(error as Error).message}`);
  }, true);
  const calls = [
    () => copas.sleep(1),
    () => copas.pause(),
    () => copas.wait(Promise.resolve()),
  ];
  for (const call of calls) {
    let caught = 0;
    const task = copas.addnamedthread("stubborn", async () => {
      for (;;) {
        try {
          await call();
        } catch {
          caught++;
        }
      }
    });
    copas.removethread(task);
    const before = clock.now();
    await copas.loop(async () => {
      await copas.pause(5);
      events.push(clock.now() - before);
    });
    assertEquals(task.status, "dead");
    assert(caught > 10, "it could have cleaned up");
    const { threads, active } = copas.status();
    assertEquals([threads, active], [0, 0]);
  }
  assertEquals(events, [5, 5, 5]);
  assertEquals(
    reports,
    Array(3).fill(
      "stubborn: Thread stubborn was removed, and went on after 100 calls had failed: it is given up, and what it still had to do, a finally block for instance, may not have run",
    ),
  );
});

Deno.test("a thread that was added by a removed one lives on", async () => {
  const { copas, events } = make();
  const task = copas.addthread(async () => {
    copas.addthread(async () => {
      await copas.pause(2);
      events.push("child");
    });
    await copas.pause(1);
    events.push("never");
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals(events, ["child"]);
});

Deno.test("a removed thread gets the errors of its waits in their order, also when the first one is over before", async () => {
  const { copas, events } = make();
  const task = copas.addthread(async () => {
    const calls = [1, 2, 3].map(async (seconds) => {
      await copas.pause(seconds).then(
        () => events.push(`${seconds} over`),
        () => events.push(`${seconds} removed`),
      );
      // Begins while the others wait: it stands behind them.
      if (seconds > 1) return;
      await copas.pause(9).catch(() => events.push("9 removed"));
    });
    await Promise.all(calls);
  });
  copas.addthread(async () => {
    await copas.pause(1.5);
    events.push(copas.status().timer);
    copas.removethread(task);
  });
  await copas.loop();
  assertEquals(events, ["1 over", 3, "2 removed", "3 removed", "9 removed"]);
});
