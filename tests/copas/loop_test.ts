// copas.timeout, cancelall, the wall clock, and wrong arguments of the dispatcher's calls.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { CancelledError, ClosedError } from "../../src/errors/errors.ts";
import type { Task } from "../../src/core/task.ts";
import { turn } from "../fixtures/event_loop.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";
import { scripted, ScriptedConn, text } from "../fixtures/socket_script.ts";
import { virtual } from "../fixtures/virtual.ts";

// --- timeout ------------------------------------------------------------------------

Deno.test("a timeout calls back with the thread, at its time, and does nothing else", async () => {
  const { copas, clock, events } = virtual();
  const task = copas.addthread(async () => {
    copas.timeout(5, (late) => {
      events.push(
        late,
        clock.now(),
        copas.getthreadname(),
        copas.status().timeout,
      );
    });
    events.push(await copas.pause(10));
  });
  assertEquals(copas.status().timeout, 1);
  await copas.loop();
  assertEquals(events, [task, 5, "main", 0, 10]);
});

Deno.test("a new timeout takes the place of the one before; 0 and Infinity cancel it", async () => {
  const { copas, events } = virtual();
  const note = (what: string) => () => events.push(what);
  copas.addthread(async () => {
    copas.timeout(1, note("replaced"));
    copas.timeout(2, note("second"));
    await copas.pause(3);
    for (const cancel of [0, Infinity]) {
      copas.timeout(1, note("cancelled"));
      copas.timeout(cancel);
      assertEquals(copas.status().timeout, 0);
      await copas.pause(3);
    }
    copas.timeout(0);
  });
  await copas.loop();
  assertEquals(events, ["second"]);
});

Deno.test("each thread has a timeout of its own, and the code outside has one", async () => {
  const { copas, clock, events } = virtual();
  for (const seconds of [3, 1, 2]) {
    copas.addthread(async () => {
      copas.timeout(seconds, () => events.push(clock.now()));
      await copas.pause(10);
    });
  }
  copas.timeout(4, (task) => events.push(task.name));
  assertEquals(copas.status().timeout, 4);
  await copas.loop();
  assertEquals(events, [1, 2, 3, "main"]);
});

Deno.test("a timeout keeps the loop for a thread that sleeps until it is woken", async () => {
  const { copas, clock, events } = virtual();
  copas.addthread(async () => {
    copas.timeout(5, (task) => copas.wakeup(task));
    events.push(await copas.pauseforever());
  });
  await copas.loop();
  assertEquals([clock.now(), events], [5, [5]]);
  // It need not be the thread's own timeout.
  const task = copas.addthread(async () => {
    events.push(await copas.pauseforever());
  });
  copas.timeout(7, () => copas.wakeup(task));
  await copas.loop();
  assertEquals([clock.now(), events], [12, [5, 7]]);
});

Deno.test("a timeout alone does not keep the loop, and runs in a later one, its thread dead or not", async () => {
  const { copas, clock, events } = virtual();
  const task = copas.addthread(() => {
    copas.timeout(5, (late) => events.push(late.status));
  });
  await copas.loop();
  assertEquals([clock.now(), events, task.status], [0, [], "dead"]);
  await copas.loop(() => copas.pause(10));
  assertEquals(events, ["dead"]);
});

Deno.test("a timeout that is cancelled lets the loop end", async () => {
  const { copas, clock } = virtual();
  copas.addthread(() => copas.pauseforever());
  copas.addthread(async () => {
    copas.timeout(100, () => {});
    await copas.pause(5);
    copas.timeout(0);
  });
  await copas.loop();
  assertEquals(clock.now(), 5);
});

Deno.test("an error of a timeout's callback goes to the default error handler, whatever the thread has", async () => {
  const { copas, events } = virtual();
  const error = new Error("no luck");
  copas.seterrorhandler((error, task, socket) => {
    events.push(error, task.name, socket);
  }, true);
  copas.addthread(async () => {
    copas.seterrorhandler(() => events.push("never"));
    copas.timeout(1, () => {
      throw error;
    });
    await copas.pause(2);
    copas.timeout(1, () => Promise.reject(error));
    await copas.pause(2);
  });
  await copas.loop();
  assertEquals(events, [error, "main", undefined, error, "main", undefined]);
});

Deno.test("a timeout that sets itself again for no time at all does not hold up the others", async () => {
  const { copas, clock, events } = virtual();
  let calls = 0;
  const again = () => {
    calls++;
    copas.timeout(1e-300, again);
  };
  await clock.advance(1);
  again();
  copas.addthread(async () => {
    while (calls < 5) {
      const before = calls;
      await copas.pause();
      assert(calls - before <= 1);
    }
    events.push("not held up");
  });
  await copas.loop();
  copas.timeout(0);
  assertEquals(events, ["not held up"]);
});

// --- cancelall ------------------------------------------------------------------------

Deno.test("cancelall ends the threads, the servers and the sockets that are waited for, and the loop", async () => {
  const { copas, clock, events } = virtual();
  using pair = await tcpPair();
  const skt = copas.wrap(pair.ours);
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, () => {});
  const lock = copas.lock.new();
  const waits = [
    () => copas.pause(3600),
    () => copas.pauseforever(),
    () => copas.wait(new Promise(() => {})),
    () => lock.get(3600),
  ];
  lock.get();
  for (const wait of waits) {
    copas.addthread(() =>
      wait().catch((error) => events.push(error instanceof CancelledError))
    );
  }
  copas.addthread(async () => {
    const error = await skt.receive().catch((error) => error);
    events.push(
      error instanceof CancelledError || error instanceof ClosedError,
    );
  });
  copas.addthread(async () => {
    await copas.waitforexit();
    events.push("exit");
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.cancelall();
    assert(copas.exiting());
    await copas.pause(1);
    events.push("caller goes on");
  });
  await copas.loop();
  assertEquals(events.filter((event) => event === true).length, 5);
  assertEquals(events.at(-1), "caller goes on");
  assertEquals([clock.now(), skt.closed], [2, true]);
  assertEquals(copas.status().servers.length, 0);
  await assertRejects(() => server.accept());
});

Deno.test("cancelall closes the datagram sockets that threads wait for", async () => {
  const { copas } = virtual();
  const skt = copas.wrap(
    Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  );
  copas.addthread(() => skt.receivefrom());
  copas.cancelall();
  await copas.loop();
  skt.settimeout(1);
  await assertRejects(() => skt.receivefrom(), ClosedError);
});

Deno.test("cancelall can be called by a timeout, by an error handler, and before any loop", async () => {
  const { copas, clock } = virtual();
  copas.addthread(() => copas.pause(3600));
  copas.cancelall();
  await copas.loop();
  copas.addthread(() => copas.pause(3600));
  copas.addthread(() => copas.wait(new Promise(() => {})));
  copas.timeout(1, () => copas.cancelall());
  await copas.loop();
  assertEquals(clock.now(), 1);
  copas.seterrorhandler(() => copas.cancelall());
  copas.addthread(() => copas.pause(3600));
  copas.timeout(1, () => {
    throw new Error();
  });
  await copas.loop();
  assertEquals(clock.now(), 2);
});

Deno.test("cancelall does not wait for a peer that reads nothing", async () => {
  const { copas, conn, skt } = scripted();
  conn.hold();
  copas.addthread(() => skt.send(new Uint8Array(1_000_000)));
  copas.addthread(async () => {
    await copas.pause(1);
    copas.cancelall();
  });
  await copas.loop();
  assertEquals(conn.closes > 0, true);

  // Nor for one whose socket no thread waits on, or that a handler is closing.
  const other = scripted();
  other.conn.hold();
  other.copas.addthread(async () => {
    await other.skt.send("x");
    await other.copas.pause(3600);
  });
  const third = new ScriptedConn().hold();
  other.copas.addthread(async () => {
    const skt = other.copas.wrap(third.conn);
    await skt.send("x");
    await skt.close();
  });
  other.copas.addthread(async () => {
    await other.copas.pause(1);
    other.copas.cancelall();
  });
  await other.copas.loop();
  assertEquals([third.closes > 0, other.copas.finished()], [true, false]);
  other.conn.release();
});

// --- The rest ---------------------------------------------------------------------------

Deno.test("gettime is the wall clock, in seconds", () => {
  const { copas } = virtual();
  const before = Date.now() / 1000;
  const now = copas.gettime();
  assert(before <= now && now <= Date.now() / 1000);
});

Deno.test("a listener that cannot accept harms neither its loop nor the others", async () => {
  const { copas, events } = virtual();
  const error = new TypeError("not a listener");
  let closed = false;
  const broken = {
    addr: { transport: "tcp", hostname: "192.0.2.1", port: 1 },
    accept() {
      throw error;
    },
    close: () => closed = true,
    unref: () => {},
  } as unknown as Deno.Listener;
  copas.seterrorhandler((error) => events.push((error as Error).cause), true);
  copas.addserver(broken, () => {});
  await copas.loop(async () => {
    await copas.pause(10);
    events.push("went on");
    copas.removeserver(broken);
  });
  assertEquals(events, [error, "went on"]);
  assertEquals([closed, copas.running], [true, false]);
});

Deno.test("wrong arguments are refused with a word on what would be right, and nothing is changed", async () => {
  const { copas } = virtual();
  const abort = { aborted: false };
  const rejected: [() => Promise<unknown>, string][] = [
    [
      () => copas.loop("x" as never),
      'loop(): init must be a function, got "x"',
    ],
    [
      () => copas.loop(NaN),
      "loop(): the timeout must be a number of seconds, got NaN",
    ],
    [
      () => copas.loop(() => {}, "1" as never),
      'loop(): the timeout must be a number of seconds, got "1"',
    ],
    [
      () => copas.step("1" as never),
      'step(): the timeout must be a number of seconds, got "1"',
    ],
    [
      () => copas.step(null as never),
      "step(): the timeout must be a number of seconds, got null",
    ],
    [
      () => copas.step(NaN),
      "step(): the timeout must be a number of seconds, got NaN",
    ],
    [
      () => copas.sleep("1" as never),
      'sleep(): the time must be a number of seconds, got "1"',
    ],
    [
      () => copas.pause(NaN),
      "pause(): the time must be a number of seconds, got NaN",
    ],
    [
      () => copas.pause({} as never),
      "pause(): the time must be a number of seconds, got Object",
    ],
    [
      () => copas.pause(1, 5 as never),
      "pause(): the options must be an object, got 5",
    ],
    [
      () => copas.pause(1, { signal: abort as never }),
      "pause(): the signal must be an AbortSignal, got Object",
    ],
    [
      () => copas.pauseforever({ signal: 1 as never }),
      "pauseforever(): the signal must be an AbortSignal, got 1",
    ],
    [
      () => copas.sleep(1, null as never),
      "sleep(): the options must be an object, got null",
    ],
    [
      () => copas.waitforexit({ timeout: "1" as never }),
      'waitforexit(): the timeout must be a number of seconds, got "1"',
    ],
    [
      () => copas.wait(turn(), { timeout: NaN }),
      "wait(): the timeout must be a number of seconds, got NaN",
    ],
    [
      () => copas.wait(null as never),
      "wait(): the promise must be a promise, got null",
    ],
  ];
  for (const [call, message] of rejected) {
    const error = await assertRejects(call, Error);
    assertEquals(error.message, message);
    assert(error instanceof TypeError || error instanceof RangeError);
  }
  const task = {} as Task;
  const thrown: [() => unknown, string][] = [
    [
      () => copas.timeout(-1, () => {}),
      "timeout(): the delay must be a number of seconds, 0 or more, got -1",
    ],
    [
      () => copas.timeout("1" as never),
      'timeout(): the delay must be a number of seconds, got "1"',
    ],
    [
      () => copas.timeout(1),
      "timeout(): the callback must be a function, got undefined",
    ],
    [
      () => copas.wakeup(task),
      "wakeup(): the thread must be a Task, as addthread() returns it, got Object",
    ],
    [
      () => new Copas({ clock: {} as never }),
      "new Copas(): the clock must be a Clock, with now() and alarm(), got Object",
    ],
  ];
  for (const [call, message] of thrown) {
    const error = assertThrows(call, Error);
    assertEquals(error.message, message);
    assert(error instanceof TypeError || error instanceof RangeError);
  }
  assert(copas.finished());
  const { threads, timeout, outside, timer, inactive } = copas.status();
  assertEquals([threads, timeout, outside, timer, inactive], [0, 0, 0, 0, 0]);
  assertEquals(new ScriptedConn().closes, 0);
});

Deno.test("cancelall before a loop does not make that loop drop what it has to write", async () => {
  const { copas, conn, skt } = scripted();
  copas.cancelall();
  conn.hold();
  await copas.loop(async () => {
    await skt.send("hello");
    setTimeout(() => conn.release(), 1);
  });
  assertEquals(text(conn.written), "hello");
  await skt.close();
});
