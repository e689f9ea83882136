import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { Copas, TimeoutError } from "../../mod.ts";
import { dispatcher, own } from "./dispatcher.ts";

Deno.test("a free lock is got without waiting", async () => {
  const { copas, clock } = dispatcher();
  const lock = copas.lock.new();
  copas.addthread(async () => {
    assertEquals(await lock.get(), 0);
    assertEquals(lock.release(), true);
  });
  await copas.loop();
  assertEquals(clock.now(), 0);
});

Deno.test("the next owner waits as long as the first one keeps the lock", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const lock = copas.lock.new();
  own(there, lock, 3);
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(await lock.get(), 2);
    assertEquals(clock.now(), 3);
    lock.release();
  });
  await copas.loop();
});

Deno.test("threads get the lock in the order in which they asked", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const lock = copas.lock.new();
  own(there, lock, 1);
  const log: string[] = [];
  for (const name of ["a", "b", "c"]) {
    copas.addthread(async () => {
      await lock.get();
      log.push(`${name} at ${clock.now()}`);
      await copas.pause(1);
      lock.release();
    });
  }
  await copas.loop();
  assertEquals(log, ["a at 1", "b at 2", "c at 3"]);
});

Deno.test("a released lock belongs to the next one before that one runs", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new();
  const log: string[] = [];
  copas.addnamedthread("first", async () => {
    await lock.get();
    await copas.pause(1);
    lock.release();
    log.push(lock.toString());
    await assertRejects(() => lock.get(0), TimeoutError);
  });
  copas.addnamedthread("second", async () => {
    await lock.get();
    lock.release();
  });
  await copas.loop();
  assertEquals(log, ["lock_1: owned by second, 0 waiting"]);
});

Deno.test("the owner gets the lock again, and has to release it as often", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new();
  let others = 0;
  copas.addthread(async () => {
    await lock.get();
    assertEquals(await lock.get(), 0);
    copas.addthread(async () => {
      await lock.get();
      others++;
      lock.release();
    });
    lock.release();
    await copas.pause(1);
    assertEquals(others, 0);
    lock.release();
    await copas.pause(1);
    assertEquals(others, 1);
  });
  await copas.loop();
  assertEquals(others, 1);
});

Deno.test("the owner of a lock that is not reentrant waits for itself", async () => {
  const { copas, clock, reports } = dispatcher();
  const lock = copas.lock.new(2, true);
  copas.addthread(async () => {
    await lock.get();
    await assertRejects(() => lock.get(), TimeoutError);
    assertEquals(clock.now(), 2);
    lock.release();
  });
  await copas.loop();
  assertEquals(reports, []);
});

Deno.test("only the owner can release", async () => {
  const there = dispatcher();
  const { copas } = there;
  const lock = copas.lock.new();
  assertThrows(() => lock.release(), Error, "it is free");
  own(there, lock, 1);
  copas.addnamedthread("other", () => {
    const error = assertThrows(() => lock.release(), Error);
    assertEquals(
      error.message,
      "Cannot release lock_1: owner owns it, not other; only the owner can",
    );
  });
  await copas.loop();
});

Deno.test("with runs its function under the lock, and releases it whatever happens", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new();
  copas.addnamedthread("owner", async () => {
    const result = await lock.with(() => lock.toString());
    assertEquals(result, "lock_1: owned by owner, 0 waiting");
    assertEquals(lock.owner, undefined);
    await assertRejects(
      () => lock.with(() => Promise.reject(new Error("failed"))),
      Error,
      "failed",
    );
    assertEquals(lock.owner, undefined);
  });
  await copas.loop();
});

Deno.test("with takes a timeout and a signal", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const lock = copas.lock.new();
  own(there, lock, 5);
  copas.addthread(async () => {
    await assertRejects(() => lock.with(() => 1, 2), TimeoutError);
    assertEquals(clock.now(), 2);
  });
  await copas.loop();
});

Deno.test("using holds the lock until the end of the block, or until release", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new();
  copas.addthread(async () => {
    {
      using _held = await lock.hold();
      assertEquals(lock.owner?.name, "thread_1");
    }
    assertEquals(lock.owner, undefined);
    using held = await lock.hold();
    held.release();
    assertEquals(lock.owner, undefined);
  });
  await copas.loop();
});

Deno.test("code outside every thread gets and releases a lock, and waits for it", async () => {
  const there = dispatcher();
  const { copas, clock } = there;
  const lock = copas.lock.new();
  own(there, lock, 3);
  assertEquals(await lock.get(), 3);
  assertEquals(clock.now(), 3);
  assertEquals(lock.owner?.name, "main");
  lock.release();
  own(there, lock, 3);
  await assertRejects(() => lock.get(1), TimeoutError);
});

Deno.test("a wait for ever does not keep the loop going, one with a timeout does", async () => {
  const { copas, clock } = dispatcher();
  const lock = copas.lock.new(Infinity);
  const log: string[] = [];
  copas.addthread(async () => {
    await lock.get();
    await copas.pauseforever();
  });
  copas.addthread(async () => {
    await lock.get();
    log.push("never");
  });
  await copas.loop();
  assertEquals(clock.now(), 0);
  copas.addthread(async () => {
    await assertRejects(() => lock.get(7), TimeoutError);
    log.push("timed out");
  });
  await copas.loop();
  assertEquals(clock.now(), 7);
  assertEquals(log, ["timed out"]);
});

Deno.test("status tells for which locks threads wait, who owns them, and how many wait", async () => {
  const there = dispatcher();
  const { copas } = there;
  const lock = copas.lock.new({ name: "cache" });
  own(there, lock, 1);
  for (let i = 0; i < 3; i++) {
    copas.addthread(async () => {
      await lock.get();
      lock.release();
    });
  }
  assertEquals(copas.status().tools, ["cache: owned by owner, 3 waiting"]);
  await copas.loop();
  assertEquals(copas.status().tools, []);
});

Deno.test("a thread that always finds the lock free does not keep the event loop from its turns", async () => {
  const { copas } = dispatcher();
  const lock = copas.lock.new();
  let turned = false;
  copas.addthread(async () => {
    setImmediate(() => turned = true);
    for (let i = 0; i < 100_000 && !turned; i++) {
      await lock.get();
      await lock.get({ timeout: 1 });
      lock.release();
      lock.release();
    }
  });
  await copas.loop();
  assertEquals(turned, true);
});

Deno.test("a lock is named by its maker, or by the user", () => {
  const { copas } = dispatcher();
  const { lock } = copas;
  const names = [lock.new(), lock.new({ name: "own" }), lock.new(5)]
    .map(({ name }) => name);
  assertEquals(names, ["lock_1", "own", "lock_2"]);
});

Deno.test("wrong arguments of a lock are refused, and named", async () => {
  const { copas } = dispatcher();
  const { lock } = copas;
  assertThrows(() => lock.new(-1), RangeError, "the timeout must be");
  assertThrows(() => lock.new("5" as unknown as number), TypeError, "lock.new");
  assertThrows(() => lock.new(NaN), RangeError);
  assertThrows(() => lock.new({ name: 1 as unknown as string }), TypeError);
  assertThrows(() => lock.new(null as unknown as number), TypeError);
  const one = lock.new();
  const error = await assertRejects(() => one.get("1" as unknown as number));
  assertInstanceOf(error, TypeError);
  assertMatch(error.message, /get\(\): the timeout must be .*, got "1"/);
  await assertRejects(() => one.get(NaN), RangeError);
  await assertRejects(() => one.get(null as unknown as number), TypeError);
  await assertRejects(
    () => one.get({ signal: {} as AbortSignal }),
    TypeError,
    "an AbortSignal",
  );
  await assertRejects(
    () => one.with(1 as unknown as () => void),
    TypeError,
    "fn must be a function",
  );
  assertEquals(one.toString(), "lock_1: free");
});

Deno.test("a thread of another dispatcher can't get a lock, which its end would not release; hold and with are for it", async () => {
  const copas = new Copas();
  const other = new Copas();
  const lock = other.lock.new({ name: "theirs" });
  const errors: unknown[] = [];
  copas.seterrorhandler((error) => errors.push((error as Error).message), true);
  copas.addthread(async () => {
    copas.setthreadname("guest");
    using _held = await lock.hold();
  });
  copas.addthread(async () => {
    copas.setthreadname("guest");
    await lock.with(() => {});
    await lock.get();
  });
  await copas.loop();
  assertEquals(errors, [
    "Cannot get theirs: thread guest belongs to another dispatcher, and its end would not release the lock; use with() or hold()",
  ]);
  assertEquals(lock.owner, undefined);
});
