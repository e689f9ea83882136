import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, TimeoutError } from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

Deno.test("items come out in the order in which they went in, whatever they are", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new();
  const items = [1, "two", null, undefined, false, { six: 6 }];
  copas.addthread(async () => {
    for (const item of items) assertEquals(await queue.push(item), true);
    assertEquals(queue.getsize(), 6);
    for (const item of items) assertEquals(await queue.pop(), item);
    assertEquals(queue.getsize(), 0);
  });
  await copas.loop();
  assertEquals(clock.now(), 0);
});

Deno.test("those who wait for items get them in the order in which they asked", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>();
  const log: string[] = [];
  for (const name of ["a", "b", "c"]) {
    copas.addthread(async () => {
      log.push(`${name}: ${await queue.pop()} at ${clock.now()}`);
    });
  }
  copas.addthread(async () => {
    for (let i = 1; i <= 3; i++) {
      await copas.pause(1);
      await queue.push(i);
    }
  });
  await copas.loop();
  assertEquals(log, ["a: 1 at 1", "b: 2 at 2", "c: 3 at 3"]);
});

Deno.test("pop gives up after ten seconds, or what the call says", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new();
  const log: [string, number][] = [];
  const waits: [string, () => Promise<unknown>][] = [
    ["usual", () => queue.pop()],
    ["own", () => queue.pop(3)],
    ["object", () => queue.pop({ timeout: 4 })],
    ["none", () => queue.pop(0)],
  ];
  for (const [name, pop] of waits) {
    copas.addthread(async () => {
      await assertRejects(pop, TimeoutError, "Cannot pop from copas_queue_1");
      log.push([name, clock.now()]);
    });
  }
  await copas.loop();
  assertEquals(log, [["none", 0], ["own", 3], ["object", 4], ["usual", 10]]);
});

Deno.test("a pop that gave up or was cancelled takes no item", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>();
  const controller = new AbortController();
  const { signal } = controller;
  copas.addthread(() => assertRejects(() => queue.pop(1), TimeoutError));
  copas.addthread(() =>
    assertRejects(() => queue.pop({ signal }), CancelledError)
  );
  const removed = copas.addthread(() => queue.pop());
  copas.addthread(async () => {
    await copas.pause(2);
    controller.abort();
    copas.removethread(removed);
    await queue.push(1);
    assertEquals(await queue.pop(), 1);
  });
  await copas.loop();
  assertEquals(queue.getsize(), 0);
});

Deno.test("the item of a thread that is removed before it ran goes to the next one, or back to its place", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>();
  const unlucky = copas.addthread(() => queue.pop());
  const next = copas.future.addthread(() => queue.pop());
  await queue.push(1);
  copas.removethread(unlucky);
  assertEquals(await next, 1);

  const first = copas.addthread(() => queue.pop());
  const second = copas.addthread(() => queue.pop());
  for (const item of [2, 3, 4]) await queue.push(item);
  // Not in the order in which they were given their items.
  copas.removethread(second);
  copas.removethread(first);
  assertEquals(queue.getsize(), 3);
  const items = [await queue.pop(), await queue.pop(), await queue.pop()];
  assertEquals(items, [2, 3, 4]);
});

Deno.test("push waits while the queue is full, and goes on in order", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>({ maxsize: 2 });
  const log: string[] = [];
  for (let i = 1; i <= 4; i++) {
    copas.addthread(async () => {
      await queue.push(i);
      log.push(`${i} in at ${clock.now()}`);
    });
  }
  copas.addthread(async () => {
    assertEquals(
      queue.toString(),
      "copas_queue_1: 2 items, 0 workers, 2 waiting",
    );
    for (let i = 1; i <= 4; i++) {
      await copas.pause(1);
      assertEquals(await queue.pop(), i);
    }
  });
  await copas.loop();
  assertEquals(log, ["1 in at 0", "2 in at 0", "3 in at 1", "4 in at 2"]);
});

Deno.test("a push that gave up or was cancelled puts no item in", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<string>({ maxsize: 1 });
  await queue.push("in");
  await assertRejects(
    () => queue.push("none", 0),
    TimeoutError,
    "Cannot push to copas_queue_1: timed out after 0 s; it is full",
  );
  await assertRejects(() => queue.push("late", 1), TimeoutError);
  await assertRejects(
    () => queue.push("aborted", { signal: AbortSignal.abort() }),
    CancelledError,
  );
  const removed = copas.addthread(() => queue.push("removed"));
  copas.removethread(removed);
  assertEquals(await queue.pop(), "in");
  assertEquals(queue.getsize(), 0);
});

Deno.test("push waits for ever without a timeout, and does not keep the loop going", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>({ maxsize: 1 });
  copas.addthread(() => queue.push(1));
  const task = copas.addthread(() => queue.push(2));
  await copas.loop();
  assertEquals([clock.now(), task.status], [0, "suspended"]);
  assertEquals(await queue.pop(), 1);
  await copas.loop();
  assertEquals(task.status, "dead");
});

Deno.test("code outside every thread pushes and pops, and waits for it", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>();
  copas.addthread(async () => {
    await copas.pause(2);
    await queue.push(1);
  });
  assertEquals(await queue.pop(), 1);
  assertEquals(clock.now(), 2);
  await assertRejects(() => queue.pop(), TimeoutError);
  assertEquals(clock.now(), 12);
});

Deno.test("a thread that always finds items, or always room, does not keep the event loop from its turns", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>();
  let turned = false;
  copas.addthread(async () => {
    for (const work of [() => queue.push(1), () => queue.pop()]) {
      turned = false;
      setImmediate(() => turned = true);
      // More items than those that are pushed are never there.
      for (let i = 0; i < 2000 && !turned; i++) await work();
      assertEquals(turned, true);
    }
  });
  for (let i = 0; i < 2000; i++) queue.push(0);
  await copas.loop();
});

Deno.test("a queue is named by its maker, or by the user", () => {
  const { copas } = dispatcher();
  const { queue } = copas;
  const names = [queue.new(), queue.new({ name: "jobs" }), queue.new({})]
    .map(({ name }) => name);
  assertEquals(names, ["copas_queue_1", "jobs", "copas_queue_2"]);
});

Deno.test("status tells for which queues threads wait", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>({ name: "jobs" });
  queue.addworker(() => {});
  copas.addthread(() => assertRejects(() => queue.pop(1)));
  assertEquals(copas.status().tools, ["jobs: 0 items, 1 worker, 2 waiting"]);
  await copas.loop();
});

Deno.test("wrong arguments of a queue are refused, and named", async () => {
  const { copas } = dispatcher();
  const { queue } = copas;
  for (const maxsize of [0, -1, 1.5, NaN]) {
    assertThrows(() => queue.new({ maxsize }), RangeError, "the maxsize");
  }
  assertThrows(() => queue.new({ name: 1 as unknown as string }), TypeError);
  assertThrows(() => queue.new("jobs" as never), TypeError, "the options");
  const one = queue.new();
  assertThrows(() => one.addworker(1 as never), TypeError, "fn must be");
  await assertRejects(() => one.pop("1" as never), TypeError, "the timeout");
  await assertRejects(() => one.push(1, NaN), RangeError, "the timeout");
  await assertRejects(() => one.finish(NaN), RangeError, "the timeout");
  assertEquals(one.getsize(), 0);
});
