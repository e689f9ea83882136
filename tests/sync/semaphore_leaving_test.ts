import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, DestroyedError, TimeoutError } from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

Deno.test("take gives up after ten seconds, or what the semaphore or the call says", async () => {
  const { copas, clock } = dispatcher();
  const usual = copas.semaphore.new(1);
  const quick = copas.semaphore.new(1, 0, 0.5);
  const log: [string, number][] = [];
  const waits: [string, () => Promise<true>][] = [
    ["usual", () => usual.take()],
    ["quick", () => quick.take()],
    ["own", () => usual.take(1, 3)],
    ["object", () => quick.take(1, { timeout: 4 })],
    ["none", () => quick.take(1, 0)],
  ];
  for (const [name, take] of waits) {
    copas.addthread(async () => {
      await assertRejects(take, TimeoutError);
      log.push([name, clock.now()]);
    });
  }
  await copas.loop();
  assertEquals(log, [
    ["none", 0],
    ["quick", 0.5],
    ["own", 3],
    ["object", 4],
    ["usual", 10],
  ]);
});

Deno.test("after the timeout of another thread, what is there can be taken at once", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(10, 5);
  copas.addthread(async () => {
    await assertRejects(() => semaphore.take(6, 1), TimeoutError);
    // In Copas this would wait until the next give.
    await semaphore.take(1);
    assertEquals(clock.now(), 1);
  });
  await copas.loop();
  assertEquals(semaphore.getcount(), 4);
});

Deno.test("when a big request gives up, those behind it go on in the same moment", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(10, 3);
  const log: string[] = [];
  copas.addthread(async () => {
    await assertRejects(() => semaphore.take(5, 1), TimeoutError);
    log.push(`5 gave up at ${clock.now()}`);
  });
  for (const n of [2, 1]) {
    copas.addthread(async () => {
      await semaphore.take(n);
      log.push(`${n} at ${clock.now()}`);
    });
  }
  // Its deadline must not get lost among those that go on.
  copas.addthread(async () => {
    await assertRejects(() => semaphore.take(1, 2), TimeoutError);
    log.push(`1 gave up at ${clock.now()}`);
  });
  await copas.loop();
  assertEquals(log, ["5 gave up at 1", "2 at 1", "1 at 1", "1 gave up at 2"]);
});

Deno.test("when a big request is cancelled, those behind it go on", async () => {
  for (const how of ["removed", "aborted"]) {
    const { copas, clock } = dispatcher();
    const semaphore = copas.semaphore.new(10, 3);
    const controller = new AbortController();
    const { signal } = controller;
    const log: string[] = [];
    const big = copas.addthread(async () => {
      await assertRejects(() => semaphore.take(5, { signal }), CancelledError);
    });
    copas.addthread(async () => {
      await semaphore.take(2);
      log.push(`2 at ${clock.now()}`);
    });
    copas.addthread(async () => {
      await copas.pause(1);
      if (how === "removed") copas.removethread(big);
      else controller.abort();
      assertEquals(semaphore.getcount(), 1);
    });
    await copas.loop();
    assertEquals(log, ["2 at 1"], how);
  }
});

Deno.test("a thread that is removed while it waits takes nothing", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(5);
  const task = copas.addthread(() => semaphore.take(2));
  copas.removethread(task);
  semaphore.give(3);
  await copas.loop();
  assertEquals(semaphore.getcount(), 3);
});

Deno.test("a thread that is removed after it was given resources, but before it ran, gives them back", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(5);
  const log: string[] = [];
  const unlucky = copas.addthread(() => semaphore.take(2));
  copas.addthread(async () => {
    await semaphore.take(2);
    log.push(`taken at ${clock.now()}`);
  });
  copas.addthread(async () => {
    await copas.pause(1);
    semaphore.give(2);
    copas.removethread(unlucky);
  });
  await copas.loop();
  assertEquals(log, ["taken at 1"]);
  assertEquals(semaphore.getcount(), 0);
});

Deno.test("resources that come back to a full semaphore are dropped", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(2);
  const unlucky = copas.addthread(() => semaphore.take(2));
  semaphore.give(2);
  semaphore.give(2);
  copas.removethread(unlucky);
  await copas.loop();
  assertEquals(semaphore.getcount(), 2);
});

Deno.test("destroy lets all who wait fail, however many they want, and every later call", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(4);
  let failed = 0;
  for (const [n, timeout] of [[3, 20], [3, Infinity], [3, 5], [4, Infinity]]) {
    copas.addthread(async () => {
      await assertRejects(() => semaphore.take(n, timeout), DestroyedError);
      assertEquals(clock.now(), 1);
      failed++;
    });
  }
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(semaphore.destroy(), true);
  });
  await copas.loop();
  assertEquals(failed, 4);
  for (
    const call of [
      () => semaphore.destroy(),
      () => semaphore.give(),
      () => semaphore.getcount(),
      () => semaphore.getwait(),
    ]
  ) assertThrows(call, DestroyedError, "semaphore_1: it is destroyed");
  await assertRejects(() => semaphore.take(), DestroyedError);
  assertEquals([semaphore.name, semaphore.max], ["semaphore_1", 4]);
  assertEquals(semaphore.toString(), "semaphore_1: destroyed");
});
