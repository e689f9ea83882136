// The alarm of a driver does not outlast what is waited for.

import { assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { RealClock } from "../../src/core/clock.ts";
import { turn } from "../fixtures/event_loop.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";

/** The machine's clock, which counts the alarms that are set. */
class CountingClock extends RealClock {
  readonly #set = new Set<() => void>();

  get alarms(): number {
    return this.#set.size;
  }

  override alarm(at: number, ring: () => void): () => void {
    const cancel = super.alarm(at, () => {
      this.#set.delete(ring);
      ring();
    });
    this.#set.add(ring);
    return () => {
      this.#set.delete(ring);
      cancel();
    };
  }
}

/** Takes longer than the threads may run without a turn of the event loop. */
function compute(): void {
  const end = performance.now() + 6;
  while (performance.now() < end);
}

/** Microtasks only: the event loop has no turn. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 50; i++) await null;
}

Deno.test("the code outside every thread goes on, and computes: no alarm is set then, though the round goes on", async () => {
  const clock = new CountingClock();
  const copas = new Copas({ clock });
  // To give is no call that waits, not even where the slice of time is over.
  const first = copas.semaphore.new(1);
  const others = copas.semaphore.new(100);
  let got = 0;
  for (let i = 0; i < 100; i++) {
    copas.addthread(async () => {
      await others.take(1, 5);
      got++;
    });
  }
  const taken = first.take(1, 5);
  await copas.pause(0.001);
  // All of them go on in one round, the code here as the first.
  first.give();
  for (let i = 0; i < 100; i++) others.give();
  await taken;
  compute();
  await microtasks();
  assertEquals(clock.alarms, 0);
  await copas.loop();
  assertEquals(got, 100);
  assertEquals(clock.alarms, 0);
});

for (const how of ["removal", "signal", "close", "abort", "exit"] as const) {
  Deno.test(`a receive with a timeout is ended by ${how}: when the loop ends, no alarm is set`, async () => {
    const clock = new CountingClock();
    const copas = new Copas({ clock });
    copas.seterrorhandler(() => {}, true);
    using pair = await tcpPair();
    const skt = copas.wrap(pair.ours);
    const controller = new AbortController();
    const receiver = copas.addthread(async () => {
      await skt.receive("*l", { timeout: 5, signal: controller.signal })
        .catch(() => {});
      compute();
    });
    copas.addthread(async () => {
      await copas.pause(0.001);
      if (how === "removal") copas.removethread(receiver);
      else if (how === "signal") controller.abort();
      else if (how === "close") skt.close();
      else if (how === "abort") skt.abort();
      else copas.cancelall();
      copas.exit();
    });
    await copas.loop();
    await microtasks();
    assertEquals(clock.alarms, 0);
    await skt.close();
  });

  // The code outside every thread can't be removed.
  if (how === "removal") continue;
  Deno.test(`a receive outside every thread is ended by ${how}: no alarm is set afterwards`, async () => {
    const clock = new CountingClock();
    const copas = new Copas({ clock });
    using pair = await tcpPair();
    const skt = copas.wrap(pair.ours);
    const controller = new AbortController();
    const received = skt.receive("*l", {
      timeout: 5,
      signal: controller.signal,
    }).catch((error) => error.code);
    await turn();
    if (how === "signal") controller.abort();
    else if (how === "close") skt.close();
    else if (how === "abort") skt.abort();
    else copas.cancelall();
    const code = await received;
    compute();
    await microtasks();
    assertEquals(clock.alarms, 0);
    assertEquals(typeof code, "string");
    await skt.close();
  });
}

Deno.test("a loop that fails as it begins leaves no alarm", async () => {
  const clock = new CountingClock();
  const copas = new Copas({ clock });
  copas.addthread(() => copas.pause(5));
  await assertRejects(() =>
    copas.loop(async () => {
      await copas.pause(0.001);
      throw new Error("no");
    })
  );
  compute();
  await microtasks();
  assertEquals(clock.alarms, 0);
});
