// Threads: how they begin and end, and that each knows itself.

import { assertEquals, assertFalse } from "@std/assert";
import { virtual } from "../fixtures/virtual.ts";
import { turn } from "../fixtures/event_loop.ts";

/** Errors that leave a thread are among the events. */
function make(): ReturnType<typeof virtual> {
  const world = virtual();
  world.copas.seterrorhandler((error) => world.events.push(error), true);
  return world;
}

Deno.test("a thread runs at once, up to its first wait", async () => {
  const { copas, events } = make();
  copas.addthread(async () => {
    events.push("thread");
    await copas.pause();
    events.push("thread goes on");
  });
  events.push("caller");
  await copas.loop();
  assertEquals(events, ["thread", "caller", "thread goes on"]);
});

Deno.test("a thread gets its arguments, undefined ones and their number included", () => {
  const { copas, events } = make();
  copas.addthread(
    (...args: unknown[]) => events.push(args),
    undefined,
    2,
    undefined,
  );
  copas.addnamedthread("T", (...args: unknown[]) => events.push(args));
  assertEquals(events, [[undefined, 2, undefined], []]);
});

Deno.test("a thread tells whether it runs, waits, or is over", async () => {
  const { copas, events } = make();
  const task = copas.addthread(async () => {
    await copas.pause();
    events.push(task.status);
    await null;
    events.push(task.status);
  });
  assertEquals(task.status, "suspended");
  await copas.loop();
  assertEquals(events, ["running", "running"]);
  assertEquals(task.status, "dead");
});

Deno.test("a thread may be a plain function, and may end with any value, a thenable too", async () => {
  const { copas, clock, events } = make();
  assertEquals(copas.addthread(() => 5).status, "dead");
  const task = copas.addthread(() => ({
    // deno-lint-ignore no-explicit-any -- a thenable waits in the thread as a promise does
    then: (resolve: any) => void copas.pause(3).then(resolve),
  }));
  await turn();
  assertEquals(task.status, "suspended");
  await copas.loop();
  assertEquals([clock.now(), task.status, events], [3, "dead", []]);
});

Deno.test("an error of a thread ends that thread and no other", async () => {
  const { copas, events } = make();
  const error = new Error("no luck");
  copas.addthread(() => {
    throw error;
  });
  copas.addthread(async () => {
    await copas.pause(1);
    throw error;
  });
  copas.addthread(async () => {
    await copas.pause(2);
    events.push("unharmed");
  });
  await copas.loop();
  assertEquals(events, [error, error, "unharmed"]);
});

Deno.test("a thread knows itself across every kind of await", async () => {
  const { copas, events } = make();
  copas.addnamedthread("outer", async () => {
    copas.addnamedthread("inner", async () => {
      await copas.pause();
      events.push(copas.getthreadname());
    });
    events.push(copas.getthreadname());
    await null;
    events.push(copas.getthreadname());
    await copas.wait(turn());
    events.push(copas.getthreadname());
    await turn();
    events.push(copas.getthreadname());
  });
  assertEquals(copas.getthreadname(), "main");
  await copas.loop();
  assertEquals(events, ["outer", "outer", "inner", "outer", "outer"]);
});

Deno.test("the loop waits for calls that a thread left behind, and for what follows them", async () => {
  const { copas, clock, events } = make();
  const task = copas.addthread(() => {
    (async () => {
      await copas.pause(1);
      events.push("first");
      await copas.pause(1);
      events.push("second");
    })();
  });
  assertEquals(task.status, "dead");
  await copas.loop();
  assertEquals(events, ["first", "second"]);
  assertEquals(clock.now(), 2);
});

Deno.test("two dispatchers have nothing to do with each other", async () => {
  const a = make();
  const b = make();
  a.copas.addnamedthread("A", async () => {
    b.copas.addnamedthread("B", async () => {
      assertEquals(a.copas.getthreadname(), "main");
      b.events.push(b.copas.getthreadname());
      await b.copas.pause(7);
      b.events.push("b");
    });
    assertEquals(b.copas.getthreadname(), "main");
    await a.copas.pause(5);
    a.events.push(a.copas.getthreadname());
  });
  await a.copas.loop();
  assertEquals([a.events, b.events], [["A"], ["B"]]);
  assertFalse(b.copas.finished());
  assertEquals([a.clock.now(), b.clock.now()], [5, 0]);
  await b.copas.loop();
  assertEquals(b.events, ["B", "b"]);
  assertEquals([a.clock.now(), b.clock.now()], [5, 7]);
});
