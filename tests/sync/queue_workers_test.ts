import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DestroyedError, TimeoutError } from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

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
