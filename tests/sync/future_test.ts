import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { CancelledError, TimeoutError } from "../../mod.ts";
import { type Dispatch, dispatcher } from "./dispatcher.ts";

/** Makes a future that has a result after some seconds, or fails. */
function later({ copas }: Dispatch, seconds: number, error?: unknown) {
  return copas.future.addnamedthread("job", async () => {
    await copas.pause(seconds);
    if (error !== undefined) throw error;
    return seconds;
  });
}

Deno.test("get gives the result of the thread, also when it is there already", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const future = later(there, 3);
  copas.addthread(async () => {
    assertEquals(await future.get(), 3);
    assertEquals(clock.now(), 3);
    assertEquals(await future.get(0), 3);
  });
  await copas.loop();
});

Deno.test("a thread starts at once, with its arguments, and has its name", async () => {
  const { copas } = dispatcher();
  const calls: unknown[] = [];
  const fn = (...args: unknown[]) => {
    calls.push([copas.getthreadname(), ...args]);
  };
  copas.future.addthread(fn, 1, undefined, "three");
  copas.future.addnamedthread("mine", fn);
  assertEquals(calls, [["thread_1", 1, undefined, "three"], ["mine"]]);
  await copas.loop();
});

Deno.test("await waits for the result, and Promise.all for several", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  copas.addthread(async () => {
    assertEquals(await later(there, 2), 2);
    assertEquals(clock.now(), 2);
    assertEquals(await Promise.all([later(there, 3), later(there, 1)]), [3, 1]);
    assertEquals(clock.now(), 5);
  });
  await copas.loop();
});

Deno.test("code outside every thread waits for a future", async () => {
  const there = dispatcher();
  assertEquals(await later(there, 2), 2);
  await assertRejects(
    () => later(there, 1, new Error("failed")).get(),
    Error,
    "failed",
  );
  assertEquals(there.clock.now(), 3);
  assertEquals(there.reports, []);
});

Deno.test("an error of the thread reaches all who ask, and not the error handler", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  const failure = new Error("failed");
  const future = later(there, 1, failure);
  let heard = 0;
  const ask = async () => {
    try {
      await future;
    } catch (error) {
      assertStrictEquals(error, failure);
      heard++;
    }
  };
  copas.addthread(async () => {
    copas.addthread(ask);
    await ask();
    await ask();
  });
  await copas.loop();
  assertEquals([heard, reports], [3, []]);
});

Deno.test("try tells how it stands", async () => {
  const there = dispatcher();
  const { copas } = there;
  const { PENDING, SUCCESS, ERROR } = copas.future;
  assertEquals([PENDING, SUCCESS, ERROR], [false, true, "error"]);
  const failure = new Error("failed");
  const good = later(there, 1);
  const bad = later(there, 2, failure);
  copas.addthread(async () => {
    assertEquals(good.try(), [PENDING]);
    await copas.pause(3);
    assertEquals(good.try(), [SUCCESS, 1]);
    assertEquals(bad.try(), [ERROR, failure]);
    const [status, value] = good.try();
    // The status tells TypeScript what the value is.
    if (status === SUCCESS) assertEquals(value.toFixed(1), "1.0");
  });
  await copas.loop();
});

Deno.test("any value can be a result, and any value can be thrown", async () => {
  const { copas } = dispatcher();
  for (const value of [undefined, null, 0, "", false]) {
    assertEquals(await copas.future.addthread(() => value), value);
    const bad = copas.future.addthread(() => Promise.reject(value));
    await bad.get().then(
      () => {
        throw new Error("it did not fail");
      },
      (error) => assertEquals(error, value),
    );
    assertEquals(bad.try(), ["error", value]);
  }
});

Deno.test("10,001 threads wait for one future, and go on in their order", async () => {
  const there = dispatcher();
  const { copas } = there;
  const future = later(there, 1);
  const order: number[] = [];
  for (let i = 0; i < 10_001; i++) {
    copas.addthread(async () => {
      await future.get();
      order.push(i);
    });
  }
  await copas.loop();
  assertEquals(order, Array.from({ length: 10_001 }, (_, i) => i));
});

Deno.test("get takes a timeout and a signal; without, it waits as long as the thread runs", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const future = later(there, 100);
  const controller = new AbortController();
  const { signal } = controller;
  const log: string[] = [];
  copas.addthread(async () => {
    const error = await assertRejects(() => future.get(2), TimeoutError);
    assertEquals(
      error.message,
      "Cannot get the result of job: timed out after 2 s",
    );
    await assertRejects(() => future.get(0), TimeoutError);
    log.push(`timed out at ${clock.now()}`);
  });
  copas.addthread(async () => {
    await assertRejects(() => future.get({ signal }), CancelledError);
    log.push(`aborted at ${clock.now()}`);
  });
  copas.addthread(async () => {
    await copas.pause(3);
    controller.abort();
  });
  copas.addthread(async () => {
    await future;
    log.push(`waited until ${clock.now()}`);
  });
  await copas.loop();
  assertEquals(log, ["timed out at 2", "aborted at 3", "waited until 100"]);
});

Deno.test("a wait for a future does not keep the loop going, its thread does", async () => {
  const { copas, clock } = dispatcher();
  const idle = copas.future.addthread(() => copas.pauseforever());
  copas.addthread(() => idle.get());
  await copas.loop();
  assertEquals(clock.now(), 0);
  assertEquals(idle.try(), [copas.future.PENDING]);
});

Deno.test("cancel removes the thread, and all who wait hear of it", async () => {
  const there = dispatcher();
  const { copas, clock, reports } = there;
  const future = later(there, 100);
  let heard = 0;
  for (const timeout of [Infinity, 50]) {
    copas.addthread(async () => {
      const error = await assertRejects(
        () => future.get(timeout),
        CancelledError,
      );
      assertEquals(
        error.message,
        "Cannot get the result of job: the future was cancelled",
      );
      assertEquals(clock.now(), 1);
      heard++;
    });
  }
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(future.cancel(), true);
    assertEquals(future.cancel(), false);
    await assertRejects(() => future.get(), CancelledError);
    assertEquals(future.try()[0], copas.future.ERROR);
  });
  await copas.loop();
  assertEquals([heard, clock.now(), future.task.status], [2, 1, "dead"]);
  assertEquals(reports, []);
});

Deno.test("what has come to its end can't be cancelled", async () => {
  const there = dispatcher();
  const future = later(there, 1);
  await future;
  assertEquals(future.cancel(), false);
  assertEquals(future.try(), [true, 1]);
});

Deno.test("a thread can cancel its own future: it goes on to its next wait", async () => {
  const { copas, clock } = dispatcher();
  const log: string[] = [];
  const future = copas.future.addthread(async () => {
    await copas.pause(1);
    assertEquals(future.cancel(), true);
    log.push("goes on");
    await copas.pause(1);
    log.push("never");
  });
  copas.addthread(async () => {
    await assertRejects(() => future.get(), CancelledError);
  });
  await copas.loop();
  assertEquals([log, clock.now()], [["goes on"], 1]);
});

Deno.test("what the thread of a cancelled future still returns is dropped, what it throws is reported", async () => {
  const { copas, reports } = dispatcher();
  const start = (then: () => unknown) =>
    copas.future.addnamedthread("job", async () => {
      await copas.pause(1).catch(() => {});
      return then();
    });
  const good = start(() => 1);
  const bad = start(() => {
    throw new Error("failed to clean up");
  });
  good.cancel();
  bad.cancel();
  await copas.loop();
  await assertRejects(() => good.get(), CancelledError);
  await assertRejects(() => bad.get(), CancelledError);
  assertEquals(reports, [{ thread: "job", message: "failed to clean up" }]);
});

Deno.test("a future whose thread is removed fails, and no thread has to ask for the error", async () => {
  const there = dispatcher();
  const { copas, reports } = there;
  const [asked, unasked] = [later(there, 10), later(there, 10)];
  copas.addthread(async () => {
    await assertRejects(() => asked.get(), CancelledError);
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(asked.task);
    copas.removethread(unasked.task);
  });
  await copas.loop();
  assertEquals(unasked.try()[0], copas.future.ERROR);
  assertEquals(reports, []);
});

Deno.test("a thread that waits for a future can be removed", async () => {
  const there = dispatcher();
  const { copas } = there;
  const future = later(there, 5);
  const task = copas.addthread(async () => {
    await assertRejects(() => future.get(), CancelledError, "was removed");
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals(future.try(), [true, 5]);
});

Deno.test("status tells for which futures threads wait", async () => {
  const there = dispatcher();
  const { copas } = there;
  const future = later(there, 1);
  for (let i = 0; i < 2; i++) copas.addthread(() => future.get());
  assertEquals(copas.status().tools, ["future of job: pending, 2 waiting"]);
  await copas.loop();
  assertEquals(future.toString(), "future of job: has a result");
});

Deno.test("wrong arguments of a future are refused, and named", async () => {
  const { copas } = dispatcher();
  const { future } = copas;
  assertThrows(() => future.addthread(1 as never), TypeError, "fn must be");
  assertThrows(
    () => future.addnamedthread(1 as never, () => {}),
    TypeError,
    "future.addnamedthread(): the name must be a string, got 1",
  );
  assertThrows(() => future.addnamedthread("a", 1 as never), TypeError, "fn");
  const one = future.addthread(() => 1);
  await assertRejects(() => one.get("1" as never), TypeError, "the timeout");
});
