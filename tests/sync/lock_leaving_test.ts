import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, DestroyedError, TimeoutError } from "../../mod.ts";
import { Scheduler } from "../../src/core/scheduler.ts";
import { LockFactory } from "../../src/sync/factories.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { dispatcher, own } from "./dispatcher.ts";

Deno.test("get gives up after ten seconds, or what the lock or the call says", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const usual = copas.lock.new();
  const quick = copas.lock.new(0.5);
  own(there, usual, 100);
  own(there, quick, 100);
  const log: [string, number][] = [];
  const waits: [string, () => Promise<number>][] = [
    ["usual", () => usual.get()],
    ["quick", () => quick.get()],
    ["own", () => usual.get(3)],
    ["object", () => quick.get({ timeout: 4 })],
  ];
  for (const [name, get] of waits) {
    copas.addthread(async () => {
      await assertRejects(get, TimeoutError);
      log.push([name, clock.now()]);
    });
  }
  await copas.loop();
  assertEquals(log, [["quick", 0.5], ["own", 3], ["object", 4], ["usual", 10]]);
});

Deno.test("the message of a timeout tells the lock, the time and the owner", async () => {
  const there = dispatcher();
  const { copas } = there;
  const lock = copas.lock.new({ name: "cache" });
  own(there, lock, 2);
  copas.addthread(async () => {
    const error = await assertRejects(() => lock.get(1), TimeoutError);
    assertEquals(
      error.message,
      "Cannot get cache: timed out after 1 s; owner owns it",
    );
  });
  await copas.loop();
});

Deno.test("get(0) on a taken lock fails at once and changes nothing", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const lock = copas.lock.new();
  own(there, lock, 1);
  const log: string[] = [];
  copas.addnamedthread("poller", async () => {
    for (let i = 0; i < 3; i++) {
      await assertRejects(() => lock.get(0), TimeoutError);
    }
    assertEquals(clock.now(), 0);
    await copas.pause(5);
    // Copas would have made the poller the owner meanwhile.
    assertEquals(lock.owner, undefined);
    await lock.get(0);
    lock.release();
    assertEquals(lock.owner, undefined);
    log.push("poller done");
  });
  copas.addnamedthread("patient", async () => {
    assertEquals(await lock.get(), 1);
    lock.release();
    log.push("patient done");
  });
  await copas.loop();
  assertEquals(log, ["patient done", "poller done"]);
});

Deno.test("a thread that is removed while it waits never gets the lock", async () => {
  const there = dispatcher();
  const { copas, clock, reports } = there;
  const lock = copas.lock.new();
  own(there, lock, 2);
  const removed = copas.addthread(async () => {
    await assertRejects(() => lock.get(), CancelledError, "lock_1");
  });
  copas.addthread(async () => {
    await lock.get();
    assertEquals(clock.now(), 2);
    lock.release();
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(removed);
  });
  await copas.loop();
  assertEquals(reports, []);
});

Deno.test("a thread that is removed after it was given the lock, but before it ran, hands it on", async () => {
  const { copas, clock } = dispatcher();
  const lock = copas.lock.new();
  const log: string[] = [];
  copas.addthread(async () => {
    await lock.get();
    await copas.pause(1);
    lock.release();
    copas.removethread(unlucky);
  });
  const unlucky = copas.addthread(async () => {
    await assertRejects(() => lock.get(), CancelledError);
  });
  copas.addthread(async () => {
    await lock.get();
    log.push(`got at ${clock.now()}`);
    lock.release();
  });
  await copas.loop();
  assertEquals(log, ["got at 1"]);
});

Deno.test("a thread that was removed gets no lock any more, not even a free one", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new();
  const task = copas.addthread(async () => {
    try {
      await copas.pauseforever();
    } finally {
      await assertRejects(() => lock.get(), CancelledError, "was removed");
    }
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals(lock.toString(), "lock_1: free");
});

Deno.test("a thread that ends as the owner frees the lock, and its error handler hears of it", async () => {
  const { copas, clock, reports } = dispatcher();
  const lock = copas.lock.new();
  copas.addnamedthread("careless", async () => {
    await lock.get();
    await lock.get();
    await copas.pause(1);
  });
  copas.addthread(async () => {
    assertEquals(await lock.get(), 1);
    assertEquals(clock.now(), 1);
    lock.release();
  });
  await copas.loop();
  assertEquals(reports, [{
    thread: "careless",
    message: "lock_1: careless ended without release(); the lock was released",
  }]);
});

Deno.test("a lock is freed also when its owner fails or is removed, after the owner's own error", async () => {
  const { copas, reports } = dispatcher();
  const first = copas.lock.new();
  const second = copas.lock.new();
  copas.addnamedthread("failing", async () => {
    await first.get();
    throw new Error("failed");
  });
  const removed = copas.addnamedthread("removed", async () => {
    await second.get();
    await copas.pauseforever();
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(removed);
    assertEquals(await first.get(), 0);
    assertEquals(await second.get(), 0);
    second.release();
    first.release();
  });
  await copas.loop();
  assertEquals(reports.map(({ thread }) => thread), [
    "failing",
    "failing",
    "removed",
  ]);
  assertEquals(reports[0].message, "failed");
});

Deno.test("destroy lets all who wait fail, and every later call", async () => {
  const { copas, clock } = dispatcher();
  const lock = copas.lock.new();
  let failed = 0;
  const owner = copas.addthread(async () => {
    await lock.get();
    await copas.pause(1);
    assertEquals(lock.destroy(), true);
    assertThrows(() => lock.release(), DestroyedError);
  });
  for (const timeout of [5, Infinity, undefined]) {
    copas.addthread(async () => {
      await assertRejects(() => lock.get(timeout), DestroyedError);
      assertEquals(clock.now(), 1);
      failed++;
    });
  }
  await copas.loop();
  assertEquals([failed, owner.status], [3, "dead"]);
  assertThrows(() => lock.destroy(), DestroyedError, "lock_1");
  await assertRejects(() => lock.get(), DestroyedError);
  assertEquals([lock.name, lock.timeout], ["lock_1", 10]);
  assertEquals(lock.toString(), "lock_1: destroyed");
});

Deno.test("a signal ends the wait for a lock", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const lock = copas.lock.new();
  own(there, lock, 5);
  const controller = new AbortController();
  const { signal } = controller;
  copas.addthread(async () => {
    const error = await assertRejects(
      () => lock.get({ signal }),
      CancelledError,
    );
    assertEquals(error.cause, "enough");
    assertEquals(clock.now(), 2);
    // One that is aborted already takes not even a free lock.
    await copas.pause(10);
    await assertRejects(() => lock.get({ signal }), CancelledError);
    assertEquals(lock.toString(), "lock_1: free");
  });
  copas.addthread(async () => {
    await copas.pause(2);
    controller.abort("enough");
  });
  await copas.loop();
});

Deno.test("a lock that was destroyed under its holder is not released, and that is no error", async () => {
  const { copas, reports } = dispatcher();
  const lock = copas.lock.new();
  copas.addthread(async () => {
    using _held = await lock.hold();
    lock.destroy();
  });
  await copas.loop();
  assertEquals(reports, []);
});

Deno.test("what still runs of a thread that has ended gets the lock as code outside every thread", async () => {
  const there = dispatcher();
  const { copas } = there;
  const lock = copas.lock.new();
  own(there, lock, 1);
  let left: Promise<void> | undefined;
  copas.addthread(() => {
    // No code waits for this call: the thread ends before it is over.
    left = (async () => {
      using _held = await lock.hold();
      assertEquals(lock.owner?.name, "main");
    })();
  });
  await copas.loop();
  await left;
  assertEquals(lock.owner, undefined);
});

Deno.test("a lock for which no thread waits any more has no deadline", async () => {
  const clock = new VirtualClock({ autojump: false });
  const scheduler = new Scheduler(clock, () => {});
  const lock = new LockFactory(scheduler).new();
  lock.get();
  scheduler.spawn("waiter", () => lock.get(3600));
  await turn();
  assertEquals(scheduler.deadlines.size, 1);
  lock.release();
  assertEquals(scheduler.deadlines.size, 0);
});
