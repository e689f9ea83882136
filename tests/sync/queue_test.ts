import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, DestroyedError, TimeoutError } from "../../mod.ts";
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

Deno.test("stop lets the items out and no more in", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>({ name: "jobs", maxsize: 2 });
  await queue.push(1);
  await queue.push(2);
  const late = copas.future.addthread(() => queue.push(3));
  assertEquals(queue.stop(), true);
  assertEquals(queue.stop(), true);
  await assertRejects(() => late.get(), DestroyedError);
  await assertRejects(
    () => queue.push(4),
    DestroyedError,
    "Cannot push to jobs: it is stopping",
  );
  assertEquals(await queue.pop(), 1);
  assertEquals(
    queue.toString(),
    "jobs: stopping, 1 item, 0 workers, 0 waiting",
  );
  assertEquals(await queue.pop(), 2);
  assertEquals(queue.toString(), "jobs: destroyed");
  await assertRejects(() => queue.pop(), DestroyedError);
  assertThrows(() => queue.stop(), DestroyedError);
});

Deno.test("an empty queue that is stopped is destroyed, and those who wait for items fail", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new();
  const waiting = [1, Infinity].map((timeout) =>
    copas.future.addthread(() => queue.pop(timeout))
  );
  queue.stop();
  for (const future of waiting) {
    await assertRejects(() => future.get(), DestroyedError);
  }
  assertThrows(() => queue.getsize(), DestroyedError);
});

Deno.test("the last item of a stopped queue is not lost with the thread that was to get it", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>();
  const unlucky = copas.addthread(() => queue.pop());
  const next = copas.future.addthread(() => queue.pop());
  await queue.push(1);
  queue.stop();
  copas.removethread(unlucky);
  assertEquals(await next, 1);
  assertEquals(queue.toString(), "copas_queue_1: destroyed");
});

Deno.test("destroy lets all who wait fail, and forgets the items", async () => {
  const { copas, clock } = dispatcher();
  const full = copas.queue.new<number>({ maxsize: 1 });
  const empty = copas.queue.new<number>();
  await full.push(1);
  const waiting = [
    () => full.push(2),
    () => full.finish(),
    () => full.finish(Infinity, true),
    () => empty.pop(),
    () => empty.pop(Infinity),
  ].map((wait) => copas.future.addthread(async () => void await wait()));
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(empty.destroy(), true);
    assertEquals(full.destroy(), true);
  });
  for (const future of waiting) {
    await assertRejects(() => future.get(), DestroyedError);
  }
  assertEquals(clock.now(), 1);
  for (
    const call of [
      () => full.destroy(),
      () => full.stop(),
      () => full.getsize(),
      () => full.getworkers(),
      () => full.addworker(() => {}),
    ]
  ) assertThrows(call, DestroyedError, "copas_queue_1: it is destroyed");
  await assertRejects(() => full.pop(), DestroyedError);
  await assertRejects(() => full.push(1), DestroyedError);
  await assertRejects(() => full.finish(), DestroyedError);
  assertEquals([full.name, full.maxsize], ["copas_queue_1", 1]);
});

Deno.test("an item that was on its way when the queue was destroyed is lost with its thread", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>();
  const lucky = copas.future.addthread(() => queue.pop());
  const unlucky = copas.future.addthread(() => queue.pop());
  await queue.push(1);
  await queue.push(2);
  queue.destroy();
  copas.removethread(unlucky.task);
  assertEquals(await lucky, 1);
  await assertRejects(() => unlucky.get(), CancelledError);
});

Deno.test("a worker handles the items one after the other, workers side by side", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<string>({ name: "jobs" });
  const log: string[] = [];
  const work = async (item: string) => {
    await copas.pause(2);
    log.push(`${copas.getthreadname()}: ${item} at ${clock.now()}`);
  };
  const workers = [queue.addworker(work), queue.addworker(work)];
  assertEquals(queue.getworkers(), workers);
  for (const item of ["a", "b", "c"]) await queue.push(item);
  await copas.loop();
  assertEquals(log, [
    "jobs:worker_1: a at 2",
    "jobs:worker_2: b at 2",
    "jobs:worker_1: c at 4",
  ]);
});

Deno.test("an idle worker does not keep the loop going, and is there for the next loop", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>();
  const done: number[] = [];
  queue.addworker((item) => done.push(item));
  await copas.loop();
  assertEquals(clock.now(), 0);
  await queue.push(1);
  await copas.loop();
  assertEquals(done, [1]);
});

Deno.test("the error of a worker goes to the error handler, and the worker goes on", async () => {
  const { copas, reports } = dispatcher();
  const queue = copas.queue.new<number>({ name: "jobs" });
  const done: number[] = [];
  const worker = queue.addworker(async (item) => {
    if (item === 1) throw new Error("at once");
    await copas.pause(1);
    if (item === 2) throw new Error("later");
    done.push(item);
  });
  for (const item of [1, 2, 3]) await queue.push(item);
  copas.addthread(async () => {
    assertEquals(await queue.finish(), true);
  });
  await copas.loop();
  assertEquals(done, [3]);
  assertEquals(reports, [
    { thread: "jobs:worker_1", message: "at once" },
    { thread: "jobs:worker_1", message: "later" },
  ]);
  assertEquals(worker.status, "dead");
});

Deno.test("a worker that is removed leaves the items to the others, and finish does not wait for it", async () => {
  const { copas, clock, reports } = dispatcher();
  const queue = copas.queue.new<number>();
  const log: string[] = [];
  const work = async (item: number) => {
    await copas.pause(2);
    log.push(`${item} at ${clock.now()}`);
  };
  const removed = queue.addworker(work);
  queue.addworker(work);
  for (const item of [1, 2, 3]) await queue.push(item);
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(removed);
    await copas.pause(0.5);
    assertEquals(queue.getworkers().length, 1);
    await queue.finish();
    assertEquals(clock.now(), 4);
  });
  await copas.loop();
  assertEquals(log, ["2 at 2", "3 at 4"]);
  assertEquals(reports, []);
});

Deno.test("finish waits for the items that are being handled", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>();
  for (let i = 0; i < 2; i++) queue.addworker(() => copas.pause(3));
  await queue.push(1);
  await queue.push(2);
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(queue.getsize(), 0);
    assertEquals(await queue.finish(), true);
    assertEquals(clock.now(), 3);
    await assertRejects(() => queue.finish(), DestroyedError);
  });
  await copas.loop();
});

Deno.test("finish of an empty queue with idle workers ends at once", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>();
  const worker = queue.addworker(() => {});
  assertEquals(await queue.finish(), true);
  assertEquals([clock.now(), worker.status], [0, "dead"]);
  assertEquals(await copas.queue.new().finish(), true);
});

Deno.test("finish of a queue without workers ends when the last item is popped", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>();
  await queue.push(1);
  await queue.push(2);
  copas.addthread(async () => {
    await copas.pause(2);
    await queue.pop();
    await copas.pause(2);
    await queue.pop();
  });
  copas.addthread(async () => {
    await queue.finish();
    assertEquals(clock.now(), 4);
  });
  await copas.loop();
});

Deno.test("several threads can wait for the finish, also when only the workers are left", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>();
  queue.addworker(() => copas.pause(4));
  await queue.push(1);
  let finished = 0;
  for (const delay of [0, 0, 2]) {
    copas.addthread(async () => {
      await copas.pause(delay);
      await queue.finish();
      assertEquals(clock.now(), 4);
      finished++;
    });
  }
  await copas.loop();
  assertEquals(finished, 3);
});

Deno.test("finish gives up after ten seconds and destroys the queue", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>({ name: "jobs" });
  const done: number[] = [];
  queue.addworker(async (item) => {
    await copas.pause(8);
    done.push(item);
  });
  for (const item of [1, 2, 3]) await queue.push(item);
  copas.addthread(async () => {
    const error = await assertRejects(() => queue.finish(), TimeoutError);
    assertEquals(
      error.message,
      "Cannot finish jobs: timed out after 10 s; left are 1 item, 1 worker",
    );
    assertEquals(clock.now(), 10);
    assertThrows(() => queue.getsize(), DestroyedError);
  });
  await copas.loop();
  // What a worker had begun, it ends.
  assertEquals([done, clock.now()], [[1, 2], 16]);
});

Deno.test("finish can leave the queue stopped when it gives up", async () => {
  const { copas, clock } = dispatcher();
  const queue = copas.queue.new<number>();
  await queue.push(1);
  await queue.push(2);
  await assertRejects(() => queue.finish(3, true), TimeoutError);
  assertEquals(clock.now(), 3);
  await assertRejects(() => queue.push(3), DestroyedError, "it is stopping");
  assertEquals(await queue.pop(), 1);
  await assertRejects(() => queue.finish(0, true), TimeoutError);
  assertEquals(await queue.pop(), 2);
  await assertRejects(() => queue.pop(), DestroyedError);
});

Deno.test("a finish that is cancelled leaves the queue stopped", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>();
  await queue.push(1);
  const removed = copas.addthread(() => queue.finish());
  copas.removethread(removed);
  await copas.loop();
  assertEquals(await queue.pop(), 1);
});

Deno.test("for await pops until the queue is stopped and empty", async () => {
  const { copas, reports } = dispatcher();
  const queue = copas.queue.new<number>();
  const items: number[] = [];
  copas.addthread(async () => {
    for await (const item of queue) items.push(item);
    items.push(-1);
  });
  copas.addthread(async () => {
    for (let i = 1; i <= 3; i++) {
      await queue.push(i);
      await copas.pause(20);
    }
    queue.stop();
  });
  await copas.loop();
  assertEquals(items, [1, 2, 3, -1]);
  assertEquals(reports, []);
});

Deno.test("for await leaves the items that it did not come to", async () => {
  const { copas } = dispatcher();
  const queue = copas.queue.new<number>();
  for (const item of [1, 2, 3]) await queue.push(item);
  for await (const item of queue) if (item === 2) break;
  assertEquals(queue.getsize(), 1);
  assertEquals(await queue.pop(), 3);
});

Deno.test("for await in a thread that is removed ends with its error", async () => {
  const { copas, reports } = dispatcher();
  const queue = copas.queue.new<number>();
  const task = copas.addthread(async () => {
    await assertRejects(async () => {
      for await (const _ of queue);
    }, CancelledError);
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals(reports, []);
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

Deno.test("every item is handled once, whatever workers are removed or fail", async () => {
  const { copas, reports } = dispatcher();
  const queue = copas.queue.new<number>({ maxsize: 10 });
  const handled: number[] = [];
  const work = async (item: number) => {
    handled.push(item);
    await copas.pause(item % 7);
    if (item % 5 === 0) throw new Error("it is divisible by five");
  };
  for (let i = 0; i < 5; i++) queue.addworker(work);
  copas.addthread(async () => {
    for (let i = 1; i <= 200; i++) await queue.push(i);
    assertEquals(await queue.finish(1000), true);
  });
  copas.addthread(async () => {
    for (let i = 0; i < 20; i++) {
      await copas.pause(3);
      copas.removethread(queue.getworkers()[i % 5]);
      queue.addworker(work);
    }
  });
  await copas.loop();
  assertEquals(handled.toSorted((a, b) => a - b), numbers(1, 200));
  assert(reports.length >= 20, `${reports.length} reports`);
});

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

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
