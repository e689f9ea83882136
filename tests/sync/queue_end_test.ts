import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, DestroyedError } from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

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
