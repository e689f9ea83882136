import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { CancelledError, type Task, type Timer } from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

Deno.test("a timer is armed when it is made, calls once, and keeps the loop going until then", async () => {
  const { copas, clock } = dispatcher();
  const calls: unknown[][] = [];
  const params = { a: 1 };
  const timer = copas.timer.new({
    delay: 5,
    params,
    callback: (...args) => {
      calls.push([...args, clock.now(), timer.armed]);
    },
  });
  assertEquals(timer.armed, true);
  await copas.loop();
  assertEquals(calls, [[timer, params, 5, false]]);
  assertStrictEquals(calls[0][1], params);
  assertEquals([timer.armed, timer.cancelled], [false, false]);
});

Deno.test("a recurring timer calls again and again", async () => {
  const { copas, clock } = dispatcher();
  const ticks: number[] = [];
  copas.timer.new({
    delay: 2,
    recurring: true,
    callback: (timer) => {
      ticks.push(clock.now());
      if (ticks.length === 4) timer.cancel();
    },
  });
  await copas.loop();
  assertEquals(ticks, [2, 4, 6, 8]);
});

Deno.test("the first call can come sooner or later than the others, also at once", async () => {
  for (const initialdelay of [0, 1, 7]) {
    const { copas, clock } = dispatcher();
    const ticks: number[] = [];
    copas.timer.new({
      delay: 2,
      initialdelay,
      recurring: true,
      callback: (timer) => {
        ticks.push(clock.now());
        if (ticks.length === 3) timer.cancel();
      },
    });
    assertEquals(ticks, [], "not before the next step");
    await copas.loop();
    assertEquals(ticks, [initialdelay, initialdelay + 2, initialdelay + 4]);
  }
});

Deno.test("the delay begins when the callback ends", async () => {
  const { copas, clock } = dispatcher();
  const ticks: number[] = [];
  copas.timer.new({
    delay: 2,
    initialdelay: 0,
    recurring: true,
    callback: async (timer) => {
      ticks.push(clock.now());
      await copas.pause(1);
      if (ticks.length === 4) timer.cancel();
    },
  });
  await copas.loop();
  assertEquals(ticks, [0, 3, 6, 9]);
});

/** Lets the clock show these times, one after the other, and gives the times of the ticks of a timer with a delay of 1 s. */
async function ticksAt(...times: number[]): Promise<number[]> {
  const { copas, clock } = dispatcher({ autojump: false });
  const ticks: number[] = [];
  const timer = copas.timer.new({
    delay: 1,
    recurring: true,
    callback: () => ticks.push(clock.now()),
  });
  for (const time of times) {
    await clock.advance(time - clock.now());
    while (await copas.step(0));
  }
  timer.cancel();
  while (await copas.step(0));
  return ticks;
}

Deno.test("ticks that are late don't add up", async () => {
  assertEquals(
    await ticksAt(1.25, 2, 2.75, 3, 4.5, 5, 5.75, 6),
    [1.25, 2, 3, 4.5, 5, 6],
  );
});

Deno.test("a tick that is very late is followed by one at once, and what was missed is not made up for", async () => {
  assertEquals(
    await ticksAt(1, 5.5, 6, 6.5, 7, 7.5),
    [1, 5.5, 5.5, 6.5, 7.5],
  );
});

Deno.test("a cancelled timer does not call, and does not keep the loop going", async () => {
  const { copas, clock, reports } = dispatcher();
  const timer = copas.timer.new({
    delay: 5,
    callback: () => reports.push({ thread: "", message: "it called" }),
  });
  assertStrictEquals(timer.cancel(), timer);
  assertEquals([timer.armed, timer.cancelled], [false, true]);
  await copas.loop();
  assertEquals([clock.now(), reports], [0, []]);
});

Deno.test("a timer can be armed again after it was cancelled or has expired", async () => {
  const { copas, clock } = dispatcher();
  const ticks: number[] = [];
  const timer = copas.timer.new({
    delay: 3,
    initialdelay: 100,
    callback: () => ticks.push(clock.now()),
  });
  assertStrictEquals(timer.cancel(), timer);
  assertStrictEquals(timer.arm(), timer);
  assertEquals(timer.cancelled, false);
  await copas.loop();
  timer.arm(1);
  await copas.loop();
  assertEquals(ticks, [3, 4]);
});

Deno.test("what can't be cancelled or armed says so", async () => {
  const { copas } = dispatcher();
  const timer = copas.timer.new({ delay: 1, callback: () => {} });
  assertThrows(
    () => timer.arm(),
    Error,
    "Cannot arm copas_timer_1: it is armed already; cancel() it first",
  );
  await copas.loop();
  assertEquals([timer.cancel(), timer.cancelled], [false, false]);
});

Deno.test("a recurring timer can be cancelled and armed again within its callback: one goes on", async () => {
  const { copas, clock } = dispatcher();
  const ticks: number[] = [];
  copas.timer.new({
    delay: 1,
    recurring: true,
    callback: async (timer) => {
      ticks.push(clock.now());
      if (ticks.length === 2 && timer.cancel()) timer.arm(10);
      if (ticks.length === 4) timer.cancel();
      // A wait within the callback that cancelled is not disturbed.
      assertEquals(await copas.pause(0.5), 0.5);
    },
  });
  await copas.loop();
  assertEquals(ticks, [1, 2.5, 12.5, 14]);
});

Deno.test("a timer can be armed again within the callback of its only call", async () => {
  const { copas, clock } = dispatcher();
  const ticks: number[] = [];
  copas.timer.new({
    delay: 1,
    callback: (timer) => {
      ticks.push(clock.now());
      if (ticks.length < 3) timer.arm(ticks.length);
    },
  });
  await copas.loop();
  assertEquals(ticks, [1, 2, 4]);
});

Deno.test("cancelling a recurring timer abandons a callback that waits, and no error is reported", async () => {
  const { copas, clock, reports } = dispatcher();
  const log: string[] = [];
  const timer = copas.timer.new({
    delay: 1,
    recurring: true,
    callback: async () => {
      try {
        await copas.pause(10);
      } catch (error) {
        log.push(`${error instanceof CancelledError} at ${clock.now()}`);
        throw error;
      }
    },
  });
  copas.addthread(async () => {
    await copas.pause(3);
    timer.cancel();
  });
  await copas.loop();
  assertEquals([log, reports], [["true at 3"], []]);
});

Deno.test("the callback of a timer that is not recurring can't be cancelled, and ends", async () => {
  const { copas, clock } = dispatcher();
  const log: number[] = [];
  const timer = copas.timer.new({
    delay: 1,
    callback: async () => {
      await copas.pause(10);
      log.push(clock.now());
    },
  });
  copas.addthread(async () => {
    await copas.pause(3);
    assertEquals(timer.cancel(), false);
  });
  await copas.loop();
  assertEquals(log, [11]);
});

Deno.test("the callback of a timer that is not recurring may cancel it, and arm it again", async () => {
  const { copas, clock, reports } = dispatcher();
  const log: number[] = [];
  copas.timer.new({
    delay: 1,
    callback(timer) {
      log.push(clock.now());
      assertEquals(timer.cancel(), false);
      if (log.length === 1) timer.arm(2);
    },
  });
  await copas.loop();
  assertEquals([log, reports], [[1, 3], []]);
});

Deno.test("an error of the callback goes to the error handler with the timer's name, and the timer goes on", async () => {
  const { copas, reports } = dispatcher();
  let calls = 0;
  const tick = async (timer: Timer<undefined>) => {
    if (++calls === 2) timer.cancel();
    if (calls === 1) throw new Error("at once");
    await copas.pause(1);
    throw new Error("later");
  };
  copas.timer.new({ delay: 1, recurring: true, callback: tick, name: "tick" });
  await copas.loop();
  assertEquals(reports, [
    { thread: "tick", message: "at once" },
    { thread: "tick", message: "later" },
  ]);
});

Deno.test("a timer can have its own error handler", async () => {
  const { copas, reports } = dispatcher();
  const heard: unknown[] = [];
  const timer = copas.timer.new({
    delay: 1,
    callback: () => Promise.reject("failed"),
    errorhandler: (error: unknown, task: Task, socket: unknown) =>
      heard.push([error, task.name, socket]),
  });
  await copas.loop();
  timer.arm();
  await copas.loop();
  const report = ["failed", "copas_timer_1", undefined];
  assertEquals([heard, reports], [[report, report], []]);
});

Deno.test("cancelall ends timers", async () => {
  const { copas, clock } = dispatcher();
  const timer = copas.timer.new({
    delay: 1,
    recurring: true,
    callback: () => {},
  });
  copas.addthread(async () => {
    await copas.pause(2.5);
    copas.cancelall();
    assertEquals(timer.armed, false);
    timer.arm(1).cancel();
  });
  await copas.loop();
  assertEquals(clock.now(), 2.5);
});

Deno.test("using cancels a timer at the end of the block, if it is armed", async () => {
  const { copas, clock } = dispatcher();
  copas.addthread(async () => {
    using timer = copas.timer.new({ delay: 5, callback: () => {} });
    using _other = copas.timer.new({ delay: 1, callback: () => {} });
    await copas.pause(2);
    assertEquals(timer.toString(), "copas_timer_1: armed");
  });
  await copas.loop();
  assertEquals(clock.now(), 2);
});

Deno.test("a timer that is made outside every thread runs when something drives the dispatcher", async () => {
  const { copas, clock } = dispatcher();
  const ticks: number[] = [];
  copas.timer.new({ delay: 1, callback: () => ticks.push(clock.now()) });
  await copas.pause(3);
  assertEquals(ticks, [1]);
});

Deno.test("a timer tells its name and how it is", async () => {
  const { copas } = dispatcher();
  const callback = () => {};
  const first = copas.timer.new({ delay: 1, callback });
  const named = copas.timer.new({ delay: 1, callback, name: "named" });
  const third = copas.timer.new({ delay: 1, callback });
  named.cancel();
  assertEquals([first, named, third].map(String), [
    "copas_timer_1: armed",
    "named: cancelled",
    "copas_timer_2: armed",
  ]);
  await copas.loop();
  assertEquals(first.toString(), "copas_timer_1: expired");
});

Deno.test("wrong arguments of a timer are refused, and named, and nothing is armed", async () => {
  const { copas, clock } = dispatcher();
  const { timer } = copas;
  const callback = () => {};
  assertThrows(() => timer.new({ callback } as never), TypeError, "the delay");
  assertThrows(
    () => timer.new({ delay: -1, callback }),
    RangeError,
    "timer.new(): the delay must be a number of seconds, 0 or more, got -1",
  );
  assertThrows(
    () => timer.new({ delay: 1, initialdelay: -1, callback }),
    RangeError,
    "the initialdelay",
  );
  assertThrows(() => timer.new({ delay: 1 } as never), TypeError, "callback");
  assertThrows(
    () => timer.new({ delay: 1, callback, errorhandler: 1 as never }),
    TypeError,
    "the errorhandler",
  );
  assertThrows(() => timer.new(undefined as never), TypeError, "the options");
  await copas.loop();
  assertEquals(clock.now(), 0);
});

Deno.test("a timer with unref does not keep the loop going, and calls while it goes", async () => {
  const { copas, clock } = dispatcher();
  const ticks: number[] = [];
  using timer = copas.timer.new({
    delay: 1,
    recurring: true,
    unref: true,
    callback: () => {
      ticks.push(clock.now());
    },
  });
  await copas.loop();
  assertEquals([ticks, clock.now()], [[], 0]);
  copas.addthread(() => copas.pause(2.5));
  await copas.loop();
  assertEquals([ticks, timer.armed], [[1, 2], true]);
});

Deno.test("the callback of a timer with unref keeps the loop going until it has ended", async () => {
  const { copas, clock } = dispatcher();
  using _timer = copas.timer.new({
    delay: 1,
    recurring: true,
    unref: true,
    callback: () => copas.pause(5),
  });
  copas.addthread(() => copas.pause(2));
  await copas.loop();
  assertEquals(clock.now(), 6);
});

Deno.test("unref must be a boolean", () => {
  const { copas } = dispatcher();
  assertThrows(
    () => copas.timer.new({ delay: 1, unref: 1 as never, callback: () => {} }),
    TypeError,
    "unref must be a boolean, got 1",
  );
});
