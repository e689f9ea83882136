import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  DestroyedError,
  TimeoutError,
  TooManyError,
} from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

Deno.test("resources that are there are taken at once, and given back", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(3, 2);
  copas.addthread(async () => {
    assertEquals(await semaphore.take(), true);
    assertEquals(semaphore.getcount(), 1);
    assertEquals(semaphore.give(2), true);
    assertEquals(semaphore.getcount(), 3);
    assertEquals(await semaphore.take(3), true);
    assertEquals(semaphore.getcount(), 0);
    assertEquals(await semaphore.take(0), true);
  });
  await copas.loop();
  assertEquals(clock.now(), 0);
});

Deno.test("a take waits until there are enough, and the count goes down when they are given", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(5);
  const log: string[] = [];
  copas.addthread(async () => {
    await semaphore.take(3);
    log.push(`taken at ${clock.now()}`);
  });
  copas.addthread(async () => {
    await copas.pause(1);
    semaphore.give(2);
    assertEquals(semaphore.getcount(), 2);
    await copas.pause(1);
    semaphore.give(2);
    assertEquals(semaphore.getcount(), 1);
    assertEquals(log, []);
  });
  await copas.loop();
  assertEquals(log, ["taken at 2"]);
});

Deno.test("a small request waits behind a big one, also one that does not want to wait", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(5, 2);
  const log: string[] = [];
  const take = (n: number) =>
    copas.addthread(async () => {
      await semaphore.take(n);
      log.push(`${n} at ${clock.now()}`);
    });
  take(4);
  take(1);
  copas.addthread(async () => {
    await assertRejects(() => semaphore.take(1, 0), TimeoutError);
    await copas.pause(1);
    semaphore.give(2);
    await copas.pause(1);
    semaphore.give(1);
  });
  await copas.loop();
  assertEquals(log, ["4 at 1", "1 at 2"]);
});

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

Deno.test("after a timeout of somebody else, what is there can be taken at once", async () => {
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

Deno.test("more than the semaphore can hold is refused at once", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(4);
  const error = await assertRejects(() => semaphore.take(5), TooManyError);
  assertEquals(
    error.message,
    "Cannot take 5 of semaphore_1: it holds at most 4",
  );
  await assertRejects(() => semaphore.take(5, 0), TooManyError);
});

Deno.test("giving too many fills the semaphore, and says so", () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(4, 3);
  const error = assertThrows(() => semaphore.give(3), TooManyError);
  assertEquals(
    error.message,
    "Cannot give 3 to semaphore_1: it holds at most 4, 2 are too many",
  );
  assertEquals(semaphore.getcount(), 4);
});

Deno.test("those who wait are served before it is too many", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(4);
  let served = 0;
  for (let i = 0; i < 3; i++) {
    copas.addthread(async () => {
      await semaphore.take(3);
      served++;
    });
  }
  // Copas would cut it to 4 first, and serve only one.
  assertEquals(semaphore.give(10), true);
  await copas.loop();
  assertEquals(served, 3);
  assertEquals(semaphore.getcount(), 1);
});

Deno.test("getwait is what has to be given until nobody waits", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(10, 2);
  assertEquals(semaphore.getwait(), 0);
  for (const n of [3, 4]) copas.addthread(() => semaphore.take(n));
  assertEquals(semaphore.getwait(), 5);
  semaphore.give(semaphore.getwait());
  assertEquals([semaphore.getwait(), semaphore.getcount()], [0, 0]);
  await copas.loop();
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

Deno.test("using gives back what is held at the end of the block", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(3, 3);
  copas.addthread(async () => {
    {
      using _held = await semaphore.hold(2);
      assertEquals(semaphore.getcount(), 1);
    }
    assertEquals(semaphore.getcount(), 3);
    using held = await semaphore.hold();
    held.release();
    held.release();
    assertEquals(semaphore.getcount(), 3);
    using _other = await semaphore.hold();
    semaphore.destroy();
  });
  await copas.loop();
  assertEquals(copas.finished(), true);
});

Deno.test("with runs its function while it has one resource", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(2, 2);
  let most = 0;
  let now = 0;
  for (let i = 0; i < 6; i++) {
    copas.addthread(() =>
      semaphore.with(async () => {
        most = Math.max(most, ++now);
        await copas.pause(1);
        now--;
      })
    );
  }
  await copas.loop();
  assertEquals([most, clock.now()], [2, 3]);
  await assertRejects(
    () => semaphore.with(() => Promise.reject(new Error("failed")), 1),
    Error,
    "failed",
  );
  assertEquals(semaphore.getcount(), 2);
});

Deno.test("code outside every thread takes resources, and waits for them", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(1);
  copas.addthread(async () => {
    await copas.pause(2);
    semaphore.give();
  });
  await semaphore.take();
  assertEquals(clock.now(), 2);
  await assertRejects(() => semaphore.take(1, 3), TimeoutError);
  assertEquals(clock.now(), 5);
});

Deno.test("a take for ever does not keep the loop going", async () => {
  const { copas, clock } = dispatcher();
  const semaphore = copas.semaphore.new(1, 0, Infinity);
  const task = copas.addthread(() => semaphore.take());
  await copas.loop();
  assertEquals([clock.now(), task.status], [0, "suspended"]);
  semaphore.give();
  await copas.loop();
  assertEquals(task.status, "dead");
});

Deno.test("10,000 threads that wait are all served, in their order", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(Infinity);
  const order: number[] = [];
  for (let i = 0; i < 10_000; i++) {
    copas.addthread(async () => {
      await semaphore.take();
      order.push(i);
    });
  }
  semaphore.give(10_000);
  await copas.loop();
  assertEquals(order, Array.from({ length: 10_000 }, (_, i) => i));
});

Deno.test("a thread that always finds resources does not keep the event loop from its turns", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(1, 1);
  let turned = false;
  copas.addthread(async () => {
    setImmediate(() => turned = true);
    for (let i = 0; i < 100_000 && !turned; i++) {
      await semaphore.take();
      semaphore.give();
    }
  });
  await copas.loop();
  assertEquals([turned, semaphore.getcount()], [true, 1]);
});

Deno.test("status tells for which semaphores threads wait", async () => {
  const { copas } = dispatcher();
  const slots = copas.semaphore.new(3, { name: "slots", start: 1, timeout: 1 });
  const waits = [2, 3].map((n) => copas.addthread(() => slots.take(n)));
  assertEquals(copas.status().tools, ["slots: 1 of 3, 2 waiting"]);
  for (const task of waits) copas.removethread(task);
  await copas.loop();
});

Deno.test("wrong arguments of a semaphore are refused, and named", async () => {
  const { copas } = dispatcher();
  const { semaphore } = copas;
  for (const max of [0, -1, 1.5, NaN]) {
    assertThrows(() => semaphore.new(max), RangeError, "max must be");
  }
  assertThrows(() => semaphore.new("4" as unknown as number), TypeError, "max");
  assertThrows(() => semaphore.new(4, 5), RangeError, "start must be at most");
  assertThrows(() => semaphore.new(4, -1), RangeError, "start");
  assertThrows(() => semaphore.new(4, 1, -1), RangeError, "the timeout");
  const one = semaphore.new(4, 1);
  assertEquals(one.name, "semaphore_1");
  await assertRejects(() => one.take(-1), RangeError, "n must be");
  await assertRejects(() => one.take(1.5), RangeError, "n must be");
  await assertRejects(() => one.take(1, NaN), RangeError, "the timeout");
  assertThrows(() => one.give(-1), RangeError, "n must be");
  assertThrows(() => one.give("1" as unknown as number), TypeError);
  await assertRejects(() => one.with(1 as unknown as () => void), TypeError);
  assertEquals(one.getcount(), 1);
});
