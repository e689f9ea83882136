import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CancelledError, TimeoutError } from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

Deno.test("a limiter gives its burst at once, and then a token at a time", async () => {
  const { copas, clock } = dispatcher();
  const limiter = copas.limiter.new({ rate: 2, burst: 3 });
  const times: number[] = [];
  copas.addthread(async () => {
    for (let i = 0; i < 6; i++) {
      await limiter.take();
      times.push(clock.now());
    }
  });
  await copas.loop();
  assertEquals(times, [0, 0, 0, 0.5, 1, 1.5]);
});

Deno.test("try() says no while there are too few tokens, and takes none of them", async () => {
  const { copas } = dispatcher();
  const limiter = copas.limiter.new({ rate: 1, burst: 2 });
  assertEquals([limiter.try(), limiter.try(), limiter.try()], [
    true,
    true,
    false,
  ]);
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(limiter.try(undefined, 2), false);
    assertEquals(limiter.gettokens(), 1);
    assertEquals(limiter.try(), true);
    await copas.pause(100);
    assertEquals(limiter.gettokens(), 2, "no more than the burst");
  });
  await copas.loop();
});

Deno.test("threads that wait for a bucket are served in their order, and try() does not overtake them", async () => {
  const { copas, clock } = dispatcher();
  const limiter = copas.limiter.new({ rate: 1, burst: 2 });
  const order: unknown[] = [];
  for (const [name, count] of [["a", 2], ["b", 2], ["c", 1]] as const) {
    copas.addthread(async () => {
      await limiter.take(undefined, { count });
      order.push(name, clock.now());
    });
  }
  copas.addthread(async () => {
    await copas.pause(1.5);
    order.push(limiter.try());
  });
  await copas.loop();
  assertEquals(order, ["a", 0, false, "b", 2, "c", 3]);
});

Deno.test("a call that would wait longer than its timeout fails at once and takes nothing", async () => {
  const { copas, clock } = dispatcher();
  const limiter = copas.limiter.new({ rate: 1, burst: 1, name: "mails" });
  copas.addthread(async () => {
    await limiter.take();
    await assertRejects(
      () => limiter.take(undefined, { timeout: 0.5 }),
      TimeoutError,
      "Cannot take from mails: timed out after 0.5 s; there will be enough in 1.000 s",
    );
    assertEquals(clock.now(), 0);
    await limiter.take(undefined, { timeout: 1 });
    assertEquals(clock.now(), 1);
  });
  await copas.loop();
});

Deno.test("a wait that is given up, by its signal or a removal, gives its tokens back", async () => {
  const { copas } = dispatcher();
  const limiter = copas.limiter.new({ rate: 1, burst: 2 });
  const abort = new AbortController();
  copas.addthread(async () => {
    await limiter.take(undefined, { count: 2 });
    await assertRejects(
      () => limiter.take(undefined, { count: 2, signal: abort.signal }),
      CancelledError,
    );
    assertEquals(limiter.gettokens(), 1);
  });
  const removed = copas.addthread(() => limiter.take(undefined, { count: 2 }));
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(limiter.gettokens(), -3);
    copas.removethread(removed);
    abort.abort();
  });
  await copas.loop();
});

Deno.test("a removed thread and an aborted signal take nothing, though tokens are there", async () => {
  const { copas } = dispatcher();
  const limiter = copas.limiter.new({ rate: 1, burst: 5 });
  const thread = copas.addthread(async () => {
    try {
      await copas.pauseforever();
    } finally {
      await assertRejects(() => limiter.take(), CancelledError);
      await assertRejects(
        () => limiter.take(undefined, { signal: AbortSignal.abort() }),
        CancelledError,
      );
    }
  });
  copas.addthread(() => copas.removethread(thread));
  await copas.loop();
  assertEquals(limiter.gettokens(), 5);
});

Deno.test("a limiter that loses a race takes nothing", async () => {
  const { copas } = dispatcher();
  const limiter = copas.limiter.new({ rate: 1, burst: 1 });
  copas.addthread(async () => {
    await limiter.take();
    await copas.race((signal) => [
      limiter.take(undefined, { signal }),
      copas.pause(0.5, { signal }),
    ]);
    await copas.pause(0.5);
    assertEquals(limiter.try(), true);
    await copas.pause(1);
    let second = false;
    await copas.race((signal) => [
      limiter.take(undefined, { signal }),
      copas.pause(5, { signal }).then(() => second = true),
    ]);
    assertEquals(second, false);
  });
  await copas.loop();
});

Deno.test("each key has a bucket of its own, and a function may tell the key", () => {
  const { copas } = dispatcher();
  const byValue = copas.limiter.new<string>({ rate: 1 });
  assertEquals(["a", "a", "b"].map((key) => byValue.try(key)), [
    true,
    false,
    true,
  ]);
  const byHost = copas.limiter.new({
    rate: 1,
    key: (address: string) => address.split(":")[0],
  });
  assertEquals(["h:1", "h:2", "i:1"].map((key) => byHost.try(key)), [
    true,
    false,
    true,
  ]);
});

Deno.test("buckets that are full are forgotten, and there are never more than maxkeys", async () => {
  const { copas } = dispatcher();
  const limiter = copas.limiter.new<number>({ rate: 1, maxkeys: 100 });
  for (let key = 0; key < 100_000; key++) limiter.try(key);
  assertEquals(limiter.keys, 100);
  assertEquals(limiter.try(99_999), false, "the latest is kept");
  assertEquals(limiter.try(0), true, "the oldest was forgotten");
  copas.addthread(() => copas.pause(2));
  await copas.loop();
  limiter.try(1);
  assertEquals(limiter.keys, 1);
  assertEquals(`${limiter}`, "copas_limiter_1: 1 a second, 1 at once, 1 keys");
});

Deno.test("a limiter without an end of takes lets other threads and timers run", async () => {
  const { copas } = dispatcher();
  const limiter = copas.limiter.new({ rate: 1e9 });
  let over = false;
  setTimeout(() => over = true, 1);
  copas.addthread(async () => {
    while (!over) await limiter.take();
  });
  await copas.loop();
  assertEquals(over, true);
});

Deno.test("wrong options of a limiter are refused", async () => {
  const { copas } = dispatcher();
  const make = (options: unknown) => () => copas.limiter.new(options as never);
  for (const rate of ["1", undefined, null]) {
    assertThrows(make({ rate }), TypeError, "the rate");
  }
  for (const rate of [0, -1, NaN, Infinity]) {
    assertThrows(make({ rate }), RangeError, "the rate");
  }
  assertThrows(make({ rate: 1, burst: 0.5 }), RangeError, "the burst");
  assertThrows(make({ rate: 1, maxkeys: 0 }), RangeError, "maxkeys");
  assertThrows(make({ rate: 1, key: "ip" }), TypeError, "the key");
  assertThrows(make({ rate: 1, bursts: 2 }), TypeError, "bursts");
  const limiter = copas.limiter.new({ rate: 1, burst: 2 });
  assertThrows(() => limiter.try(undefined, 3), RangeError, "from 1 to 2");
  await assertRejects(
    () => limiter.take(undefined, { count: 3 }),
    RangeError,
    "from 1 to 2",
  );
  await assertRejects(
    () => limiter.take(undefined, { counts: 1 } as never),
    TypeError,
    "counts",
  );
});
