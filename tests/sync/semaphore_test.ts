import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TimeoutError, TooManyError } from "../../mod.ts";
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

Deno.test("getwait is what has to be given until no thread waits", async () => {
  const { copas } = dispatcher();
  const semaphore = copas.semaphore.new(10, 2);
  assertEquals(semaphore.getwait(), 0);
  for (const n of [3, 4]) copas.addthread(() => semaphore.take(n));
  assertEquals(semaphore.getwait(), 5);
  semaphore.give(semaphore.getwait());
  assertEquals([semaphore.getwait(), semaphore.getcount()], [0, 0]);
  await copas.loop();
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
