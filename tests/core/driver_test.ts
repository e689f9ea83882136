// Steps, and waits outside every thread: they drive the dispatcher, and nothing else does.

import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { CancelledError } from "../../src/errors/errors.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { strict, virtual as make } from "../fixtures/virtual.ts";
import { turn } from "../fixtures/event_loop.ts";

// --- step() ---------------------------------------------------------------------------

Deno.test("when a step resolves, what it woke has run up to its next wait", async () => {
  const { copas, events } = make();
  copas.addthread(async () => {
    for (let i = 1; i <= 3; i++) {
      await copas.pause();
      events.push(`${i} begins`);
      for (let microtasks = 0; microtasks < 50; microtasks++) await null;
      events.push(`${i} ends`);
    }
  });
  for (let i = 1; i <= 3; i++) {
    events.length = 0;
    assert(await copas.step());
    assertEquals(events, [`${i} begins`, `${i} ends`]);
  }
  assert(copas.finished());
});

Deno.test("nothing runs twice in a step", async () => {
  const { copas, events } = make();
  for (const name of ["1", "2", "3"]) {
    copas.addthread(async () => {
      for (;;) {
        await copas.pause();
        events.push(name);
      }
    });
  }
  for (let i = 1; i <= 5; i++) {
    assert(await copas.step());
    assertEquals(events.join(""), "123".repeat(i));
  }
});

Deno.test("a step that waits in vain resolves to false, after its time", async () => {
  const { copas, clock } = make();
  copas.addthread(() => copas.pause(10));
  assertFalse(await copas.step(4));
  assertEquals(clock.now(), 4);
  assert(await copas.step(7));
  assertEquals(clock.now(), 10);
  assertFalse(await copas.step(5));
  assertEquals(clock.now(), 15);
});

Deno.test("step(0) does not wait", async () => {
  const copas = new Copas({ clock: new VirtualClock({ autojump: false }) });
  let woken = false;
  copas.addthread(async () => {
    await copas.pause(3600);
    woken = true;
  });
  for (let i = 0; i < 20; i++) assertFalse(await copas.step(0));
  assertFalse(woken);
});

Deno.test("step(0) runs what is there already", async () => {
  const { copas, events } = make();
  copas.addthread(async () => {
    await copas.pause();
    events.push("ran");
  });
  assert(await copas.step(0));
  assertEquals(events, ["ran"]);
});

Deno.test("a step without a limit that has nothing to wait for resolves to false at once", async () => {
  const { copas } = make();
  assertFalse(await copas.step());
  assertFalse(await copas.step(-1));
  assertFalse(await copas.step(Infinity));
  copas.addthread(() => copas.pauseforever());
  assertFalse(await copas.step());
});

Deno.test("steps until finished do what a loop does", async () => {
  const { copas, clock, events } = make();
  for (const seconds of [3, 1, 2]) {
    copas.addthread(async () => {
      await copas.pause(seconds);
      events.push(seconds);
    });
  }
  while (!copas.finished()) await copas.step();
  assertEquals(events, [1, 2, 3]);
  assertEquals(clock.now(), 3);
  assertFalse(copas.running);
});

Deno.test("what outside code wakes while a step waits ends the wait", async () => {
  const { copas, clock } = make();
  const task = copas.addthread(() => copas.pauseforever());
  copas.addthread(() => copas.wait(turn().then(() => copas.wakeup(task))));
  assert(await copas.step());
  assertEquals(clock.now(), 0);
});

// --- No driver runs --------------------------------------------------------------------

Deno.test("nothing goes on while the dispatcher is not driven", async () => {
  const copas = strict(new Copas());
  const events: string[] = [];
  copas.addthread(async () => {
    events.push("begun");
    await copas.pause();
    events.push("paused");
  });
  copas.addthread(async () => {
    await copas.pause(0.001);
    events.push("slept");
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(events, ["begun"]);
  await copas.loop();
  assertEquals(events, ["begun", "paused", "slept"]);
});

Deno.test("nothing is accepted while the dispatcher is not driven, and what came is served when it is", async () => {
  const { copas, events } = make();
  const server = copas.socket.bind("127.0.0.1", 0);
  copas.addserver(server, (conn) => {
    events.push("served");
    return copas.send(conn, "hello\n");
  });
  using client = await Deno.connect({ port: server.addr.port });
  for (let i = 0; i < 100; i++) await turn();
  assertEquals(events, []);
  const answer = client.read(new Uint8Array(10));
  while (events.length === 0) await copas.step(1);
  while (copas.status().threads > 0) await copas.step(1);
  assertEquals(await answer, 6);
  copas.removeserver(server);
});

Deno.test("after a step nothing goes on until the next one", async () => {
  const copas = strict(new Copas());
  let rounds = 0;
  copas.addthread(async () => {
    for (;;) {
      await copas.pause();
      rounds++;
    }
  });
  await copas.step();
  for (let i = 0; i < 5; i++) await turn();
  assertEquals(rounds, 1);
});

// --- Waits outside every thread -----------------------------------------------------------

Deno.test("a wait outside every thread drives the dispatcher until it is over, and no longer", async () => {
  const { copas, clock, events } = make();
  copas.addthread(async () => {
    for (let i = 0; i < 10; i++) events.push(await copas.pause(2));
  });
  assertEquals(await copas.pause(5), 5);
  assertEquals(clock.now(), 5);
  assertEquals(events, [2, 2]);
  await turn();
  assertEquals(events, [2, 2]);
  await copas.sleep(4);
  assertEquals(events, [2, 2, 2, 2]);
  await copas.loop();
  assertEquals(clock.now(), 20);
});

Deno.test("a wait outside every thread goes on while a loop begins, runs and ends", async () => {
  const { copas, clock, events } = make();
  const outside = copas.pause(10).then(() => events.push("outside"));
  await copas.loop(async () => {
    await copas.pause(3);
    events.push("thread");
  });
  events.push("loop");
  await outside;
  assertEquals(events, ["thread", "outside", "loop"]);
  assertEquals(clock.now(), 10);
});

Deno.test("an idle wait outside every thread does not keep the loop, and drives on after it", async () => {
  const { copas, clock, events } = make();
  const abort = new AbortController();
  const outside = copas.pauseforever({ signal: abort.signal });
  await copas.loop(() => copas.pause(1));
  copas.addthread(async () => {
    await copas.pause(1);
    events.push(clock.now());
    abort.abort();
  });
  await assertRejects(() => outside, CancelledError);
  assertEquals(events, [2]);
});

Deno.test("steps take turns with a wait outside every thread", async () => {
  const { copas, clock, events } = make();
  const outside = copas.pause(10).then(() => events.push("outside"));
  copas.addthread(async () => {
    for (let i = 1; i <= 3; i++) {
      await copas.pause(4);
      events.push(clock.now());
    }
  });
  assert(await copas.step());
  assertEquals(events, [4]);
  assert(await copas.step());
  assertEquals(events, [4, 8]);
  await outside;
  assertEquals(events, [4, 8, "outside"]);
  assert(await copas.step());
  assertEquals(events, [4, 8, "outside", 12]);
});

Deno.test("a wait outside every thread that begins during a step leaves the driving to it", async () => {
  const { copas } = make();
  let rounds = 0;
  copas.addthread(async () => {
    for (;;) {
      await copas.pause();
      rounds++;
    }
  });
  const step = copas.step();
  const abort = new AbortController();
  const outside = copas.pause(10, { signal: abort.signal });
  assert(await step);
  assertEquals(rounds, 1);
  abort.abort();
  await assertRejects(() => outside, CancelledError);
});

Deno.test("several waits outside every thread are served together", async () => {
  const { copas, clock } = make();
  assertEquals(
    await Promise.all([copas.pause(3), copas.pause(1), copas.pause(2)]),
    [3, 1, 2],
  );
  assertEquals(clock.now(), 3);
});
