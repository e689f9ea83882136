// The loop: when it ends, who may start it, and what exit does.

import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { virtual as make } from "../fixtures/virtual.ts";

// --- loop() -------------------------------------------------------------------------

Deno.test("a loop with nothing to do ends at once, and so does the next one", async () => {
  const { copas } = make();
  assert(copas.finished());
  for (let i = 0; i < 3; i++) await copas.loop();
  assertFalse(copas.running);
});

Deno.test("a loop runs its init as a thread, without arguments, and ends when that has ended", async () => {
  const { copas, clock, events } = make();
  await copas.loop(async function (...args: unknown[]) {
    events.push(copas.getthreadname(), args, copas.running, copas.exiting());
    await copas.pause(5);
    events.push("done");
  });
  assertEquals(events, ["copas_initializer", [], true, false, "done"]);
  assertEquals(clock.now(), 5);
});

Deno.test("a loop takes (init, timeout), (timeout) and nothing", async () => {
  const { copas, events } = make();
  await copas.loop(() => events.push("init"), 1);
  await copas.loop(1);
  await copas.loop(undefined, 1);
  assertEquals(events, ["init"]);
});

Deno.test("a loop is rejected with the error of init, at once, and another may follow", async () => {
  const { copas, clock, events } = make();
  const error = new Error("no luck");
  copas.addthread(async () => {
    await copas.pause(3600);
    events.push(clock.now());
  });
  const throws = () => {
    throw error;
  };
  const rejects = async () => {
    await copas.pause(1);
    throw error;
  };
  for (const init of [throws, rejects]) {
    assertEquals(await assertRejects(() => copas.loop(init)), error);
  }
  assertEquals([copas.running, clock.now()], [false, 1]);
  await copas.loop();
  assertEquals(events, [3600]);
});

Deno.test("an error handler that init has set hears of its error as well", async () => {
  const { copas, events } = make();
  const error = new Error("no luck");
  const init = () => {
    copas.seterrorhandler((error) => events.push(error));
    throw error;
  };
  await copas.loop(init).catch((error) => events.push(error));
  assertEquals(events, [error, error]);
});

Deno.test("a loop does what was begun before it, and running tells how long it lasts", async () => {
  const { copas, events } = make();
  copas.addthread(async () => {
    events.push(copas.running);
    await copas.pause(1);
    events.push(copas.running);
  });
  const ended = copas.loop();
  assert(copas.running);
  await ended;
  assertEquals(events, [false, true]);
  assertFalse(copas.running);
});

Deno.test("loops can follow one another", async () => {
  const { copas, clock } = make();
  for (let i = 1; i <= 3; i++) {
    copas.addthread(() => copas.pause(10));
    await copas.loop();
    assertEquals(clock.now(), i * 10);
    assert(copas.finished());
  }
});

Deno.test("a second loop, or a step beside a loop, is refused, and the first goes on", async () => {
  const { copas, clock } = make();
  copas.addthread(() => copas.pause(10));
  const first = copas.loop();
  for (const call of [() => copas.loop(), () => copas.loop(() => {})]) {
    await assertRejects(
      call,
      Error,
      "loop(): the dispatcher's loop() runs already",
    );
  }
  await assertRejects(
    () => copas.step(),
    Error,
    "step(): the dispatcher's loop() runs already",
  );
  await first;
  assertEquals(clock.now(), 10);
});

Deno.test("a loop or a step beside a step is refused, and the step goes on", async () => {
  const { copas, clock } = make();
  copas.addthread(() => copas.pause(10));
  const first = copas.step();
  await assertRejects(() => copas.loop(), Error, "a step() of the dispatcher");
  await assertRejects(() => copas.step(), Error, "a step() of the dispatcher");
  assert(await first);
  assertEquals(clock.now(), 10);
});

Deno.test("a loop inside a thread is refused: the two would wait for each other", async () => {
  const { copas, events } = make();
  const inside = async () => {
    const error = await assertRejects(() => copas.loop(), Error);
    events.push(error.message);
  };
  copas.addnamedthread("T", inside);
  copas.addnamedthread("U", async () => {
    await copas.pause(1);
    await inside();
  });
  await copas.loop();
  assertEquals(events, [
    "loop(): thread T would wait for its own end; call it outside every thread",
    "loop(): the dispatcher's loop() runs already; one driver at a time",
  ]);
});

// --- exit() -------------------------------------------------------------------------

Deno.test("exit before any loop does no harm, and the next loop begins afresh", async () => {
  const { copas, clock } = make();
  assertFalse(copas.exiting());
  copas.exit();
  assert(copas.exiting());
  await copas.waitforexit();
  await copas.loop(() => copas.pause(3));
  assertEquals(clock.now(), 3);
});

Deno.test("exiting is true when nothing is left to do, and false again when the loop has ended", async () => {
  const { copas, events } = make();
  copas.addthread(async () => {
    await copas.pause(1);
    events.push(copas.exiting());
    await copas.waitforexit();
    events.push(copas.exiting());
  });
  await copas.loop();
  assertFalse(copas.exiting());
  await copas.loop(() => events.push(copas.exiting()));
  assertEquals(events, [false, true, false]);
});

Deno.test("a thread that is added between two loops waits for the exit of the second", async () => {
  const { copas, clock, events } = make();
  await copas.loop(() => copas.exit());
  copas.addthread(async () => {
    await copas.waitforexit();
    events.push(clock.now());
  });
  await copas.loop(() => copas.pause(1));
  assertEquals(events, [1]);
});

Deno.test("all who wait for the exit go on, and the loop waits for what they do then", async () => {
  const { copas, clock, events } = make();
  for (let i = 0; i < 5; i++) {
    copas.addthread(async () => {
      await copas.waitforexit();
      await copas.pause(10);
      events.push(i);
    });
  }
  copas.addthread(() => copas.pause(1));
  await copas.loop();
  assertEquals(events, [0, 1, 2, 3, 4]);
  assertEquals(clock.now(), 11);
});

Deno.test("exit ends no thread, and can be called again", async () => {
  const { copas, clock, events } = make();
  copas.addthread(async () => {
    await copas.pause(10);
    events.push("ended by itself");
  });
  copas.addthread(async () => {
    copas.exit();
    copas.exit();
    await copas.waitforexit();
    events.push(clock.now());
  });
  await copas.loop();
  assertEquals(events, [0, "ended by itself"]);
  assertEquals(clock.now(), 10);
});

Deno.test("a server keeps the loop going until exit is called", async () => {
  const { copas, clock } = make();
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, () => {});
  assertFalse(copas.finished());
  copas.addthread(async () => {
    await copas.pause(100);
    assertFalse(copas.finished());
    copas.exit();
  });
  await copas.loop();
  assertEquals(clock.now(), 100);
  assert(copas.finished());
  copas.removeserver(server);
});

Deno.test("a server that is removed lets the loop end", async () => {
  const { copas } = make();
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, () => {});
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removeserver(server);
  });
  await copas.loop();
  assert(copas.finished());
});

Deno.test("a server that is registered after a loop came to its end serves in steps", async () => {
  const { copas, events } = make();
  await copas.loop();
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, () => void events.push("served"));
  assertFalse(copas.finished());
  using _client = await Deno.connect({
    port: server.addr.port,
  });
  while (events.length === 0) await copas.step(1);
  copas.removeserver(server);
});
