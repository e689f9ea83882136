// copas.race: the first of several calls, and nothing taken by the others.

import { assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  type Copas,
  type Queue,
  TimeoutError,
} from "../../mod.ts";
import { repetitions } from "../fixtures/repetitions.ts";
import { SeededRandom } from "../fixtures/seeded_random.ts";
import { dispatcher } from "../fixtures/socket_dispatcher.ts";
import { tcpPair, write } from "../fixtures/socket_pair.ts";
import { dispatcher as virtual } from "../sync/dispatcher.ts";

Deno.test("a race of a line and an item gives the first, and the other one is there for the next call", async () => {
  using pair = await tcpPair();
  const copas = dispatcher();
  const skt = copas.wrap(pair.ours);
  const queue = copas.queue.new<string>();
  const next = () =>
    copas.race((signal) => [
      skt.receive("*l", { signal }),
      queue.pop({ timeout: 5, signal }),
    ]);
  copas.addthread(async () => {
    await queue.push("item 1");
    assertEquals(await next(), "item 1");
    const second = next();
    await write(pair.theirs, "line 1\nline 2\n");
    assertEquals(await second, "line 1");
    // Both are there.
    await queue.push("item 2");
    const rest = [await next(), await next()];
    assertEquals(rest.sort(), ["item 2", "line 2"]);
    assertEquals(queue.getsize(), 0);
    // A line that came in two parts: what has come of it stays.
    const third = next();
    await write(pair.theirs, "li");
    await copas.pause(0.01);
    await queue.push("item 3");
    assertEquals(await third, "item 3");
    await write(pair.theirs, "ne 3\n");
    assertEquals(await skt.receive(), "line 3");
  });
  await copas.loop();
  await skt.close();
});

Deno.test("of calls that all find something at once, only the first takes it", async () => {
  const { copas } = virtual();
  const [a, b] = [copas.queue.new<string>(), copas.queue.new<string>()];
  const lock = copas.lock.new();
  const semaphore = copas.semaphore.new(1, 1);
  copas.addthread(async () => {
    await a.push("a");
    await b.push("b");
    const first = await copas.race((signal) => [
      a.pop({ signal }),
      b.pop({ signal }),
      lock.get({ signal }),
      lock.with(() => "ran", { signal }),
      lock.hold({ signal }),
      semaphore.take(1, { signal }),
      b.push("c", { signal }),
    ]);
    assertEquals(first, "a");
    assertEquals([a.getsize(), b.getsize()], [0, 1]);
    assertEquals([String(lock), semaphore.getcount()], ["lock_1: free", 1]);
  });
  await copas.loop();
});

Deno.test("of calls that wait and are served in the same turn, only the first takes something", async () => {
  const { copas } = virtual();
  const [a, b] = [copas.queue.new<string>(), copas.queue.new<string>()];
  const lock = copas.lock.new();
  const semaphore = copas.semaphore.new(1);
  copas.addthread(async () => {
    await lock.get();
    await copas.pause(1);
    await b.push("b");
    lock.release();
    semaphore.give();
    await a.push("a");
  });
  let first: unknown;
  copas.addthread(async () => {
    first = await copas.race((signal) => [
      a.pop({ signal }),
      b.pop({ signal }),
      lock.get({ signal }),
      lock.hold({ signal }),
      semaphore.take(1, { signal }),
    ]);
  });
  await copas.loop();
  assertEquals(first, "b");
  assertEquals([a.getsize(), b.getsize()], [1, 0]);
  assertEquals([String(lock), semaphore.getcount()], ["lock_1: free", 1]);
});

Deno.test("a call that fails first ends the race, unless another one has its result", async () => {
  const { copas, clock } = virtual();
  const [a, b] = [copas.queue.new<string>(), copas.queue.new<string>()];
  copas.addthread(async () => {
    await assertRejects(
      () =>
        copas.race((signal) => [
          a.pop({ timeout: 2, signal }),
          b.pop({ timeout: 1, signal }),
        ]),
      TimeoutError,
      "copas_queue_2",
    );
    assertEquals([clock.now(), copas.status().tools], [1, []]);
    await b.push("b");
    const first = await copas.race((signal) => [
      a.pop({ timeout: 0, signal }),
      b.pop({ signal }),
    ]);
    assertEquals(first, "b");
  });
  await copas.loop();
});

Deno.test("a foreign promise takes part by wait, and a sleep by its signal", async () => {
  const { copas, clock } = virtual();
  const queue = copas.queue.new<string>();
  copas.addthread(async () => {
    const foreign = Promise.resolve("foreign");
    const first = await copas.race((signal) => [
      queue.pop({ signal }),
      copas.wait(foreign, { signal }),
      copas.pause(5, { signal }),
    ]);
    assertEquals(first, "foreign");
    const slept = await copas.race((signal) => [
      queue.pop({ signal }),
      copas.pause(5, { signal }),
    ]);
    assertEquals([slept, clock.now()], [5, 5]);
    // Also without the signal, when it is first.
    assertEquals(await copas.race((signal) => [queue.pop({ signal }), 1]), 1);
    await queue.push("item");
    assertEquals(queue.getsize(), 1);
  });
  await copas.loop();
});

Deno.test("removing its thread ends a race", async () => {
  const { copas, reports } = virtual();
  const queue = copas.queue.new<string>();
  const task = copas.addthread(async () => {
    await assertRejects(
      () => copas.race((signal) => [queue.pop({ signal })]),
      CancelledError,
      "was removed",
    );
  });
  copas.addthread(async () => {
    await queue.push("item");
    // It was given the item, and has not got it.
    copas.removethread(task);
  });
  await copas.loop();
  assertEquals([queue.getsize(), reports], [1, []]);
});

Deno.test("a race that can't begin says why, and the calls that were made take nothing", async () => {
  const { copas } = virtual();
  const queue = copas.queue.new<string>();
  // deno-lint-ignore no-explicit-any
  const race = (start: any) => () => copas.race(start);
  await assertRejects(race(1), TypeError, "start must be a function");
  await assertRejects(race(() => 1), TypeError, "must be an array");
  await assertRejects(race(() => []), RangeError, "at least one call");
  await assertRejects(
    race((signal: AbortSignal) => {
      queue.pop({ signal });
      throw new Error("on purpose");
    }),
    Error,
    "on purpose",
  );
  copas.addthread(() => queue.push("item"));
  await copas.loop();
  assertEquals(queue.getsize(), 1);
});

/** Threads that race for the items of three queues, some of which are removed: no item is lost or got twice. */
async function play(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const { copas, reports } = virtual();
  const queues = [1, 2, 3].map(() => copas.queue.new<number>({ maxsize: 3 }));
  const got: number[] = [];
  const isOver = { value: false };
  const racers = Array.from({ length: 5 }, () =>
    copas.addthread(async () => {
      while (!isOver.value) await racing(copas, queues, random, got);
    }));
  let pushed = 0;
  for (let step = 0; step < 40; step++) {
    for (let n = random.integer(0, 6); n > 0; n--) {
      const queue = random.pick(queues);
      if (queue.getsize() < 3) queue.push(pushed++);
    }
    if (random.chance(0.1)) copas.removethread(random.pick(racers));
    if (random.chance(0.5)) await copas.pause(random.integer(0, 2));
  }
  isOver.value = true;
  for (const racer of racers) copas.removethread(racer);
  await copas.loop();
  for (const queue of queues) {
    while (queue.getsize() > 0) got.push(await queue.pop());
  }
  const all = Array.from({ length: pushed }, (_, i) => i);
  assertEquals(got.sort((a, b) => a - b), all, `seed ${seed}`);
  assertEquals(reports, [], `seed ${seed}`);
}

async function racing(
  copas: Copas,
  queues: Queue<number>[],
  random: SeededRandom,
  got: number[],
): Promise<void> {
  try {
    got.push(
      await copas.race((signal) =>
        queues.map((queue) =>
          queue.pop({ timeout: random.integer(0, 2), signal })
        )
      ),
    );
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    await copas.pause(0);
  }
}

Deno.test("races of many threads lose no item and give none twice, with failures and removal at any point", async () => {
  for (let seed = 1; seed <= repetitions(200); seed++) await play(seed);
});

Deno.test("a race that another race has withdrawn takes nothing", async () => {
  const { copas } = virtual();
  const events: unknown[] = [];
  const queue = copas.queue.new<string>();
  copas.addthread(async () => {
    const first = await copas.race((outer) => [
      copas.race((inner) => {
        const signal = AbortSignal.any([outer, inner]);
        return [queue.pop({ signal }), copas.pause(10, { signal })];
      }),
      copas.pause(1, { signal: outer }),
    ]);
    queue.push("item");
    events.push(first, await queue.pop());
  });
  await copas.loop();
  assertEquals(events, [1, "item"]);
});
