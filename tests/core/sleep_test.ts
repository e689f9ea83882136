// sleep, pause, pauseforever, wakeup and waitforexit.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CancelledError } from "../../src/errors/errors.ts";
import { virtual as make } from "../fixtures/virtual.ts";
import { scripted } from "../fixtures/socket_script.ts";

Deno.test("pause resolves to the seconds that it took", async () => {
  const { copas, clock } = make();
  assertEquals(await copas.pause(2.5), 2.5);
  assertEquals(await copas.pause(), 0);
  assertEquals(await copas.pause(0), 0);
  assertEquals(await copas.pause(-3), 0);
  assertEquals(clock.now(), 2.5);
});

Deno.test("threads that pause without a time take turns in the order in which they began", async () => {
  const { copas, events } = make();
  for (const name of ["1", "2", "3"]) {
    copas.addthread(async () => {
      for (const call of [() => copas.pause(), () => copas.sleep()]) {
        events.push(name);
        await call();
      }
      events.push(name);
      await copas.pause(-1);
      events.push(name);
    });
  }
  await copas.loop();
  assertEquals(events.join(""), "123123123123");
});

Deno.test("sleepers wake in the order of their times, those of one time in the order in which they came", async () => {
  const { copas, clock, events } = make();
  for (const [name, seconds] of [["c", 3], ["a", 1], ["b", 2], ["d", 3]]) {
    copas.addthread(async () => {
      await copas.pause(seconds as number);
      events.push(name, clock.now());
    });
  }
  await copas.loop();
  assertEquals(events, ["a", 1, "b", 2, "c", 3, "d", 3]);
});

Deno.test("the waker goes on first, and waking twice is waking once", async () => {
  const { copas, clock, events } = make();
  const sleepers = [
    copas.addthread(async () => events.push(await copas.pause(100))),
    copas.addthread(async () => events.push(await copas.pauseforever())),
    copas.addthread(async () => events.push(await copas.pause(Infinity))),
    copas.addthread(async () => events.push(await copas.sleep(-1))),
  ];
  copas.addthread(async () => {
    await copas.pause(5);
    for (const task of sleepers) {
      copas.wakeup(task);
      copas.wakeup(task);
    }
    events.push("waker");
    await null;
    events.push("waker");
  });
  await copas.loop();
  assertEquals(events, ["waker", "waker", 5, 5, 5, undefined]);
  assertEquals(clock.now(), 5);
});

Deno.test("a thread that was woken sleeps its next sleep to the end", async () => {
  const { copas, events } = make();
  const task = copas.addthread(async () => {
    events.push(await copas.pause(10), await copas.pause(10));
  });
  copas.wakeup(task);
  copas.wakeup(task);
  await copas.loop();
  assertEquals(events, [0, 10]);
});

Deno.test("waking a thread that does not sleep does nothing", async () => {
  const { copas, skt, conn } = scripted();
  const events: unknown[] = [];
  const dead = copas.addthread(() => {});
  const reader = copas.addthread(async () => events.push(await skt.receive()));
  const runnable = copas.addthread(async () => {
    events.push(await copas.pause());
    copas.wakeup(runnable);
    events.push(await copas.pause(3));
  });
  for (const task of [dead, reader, runnable]) copas.wakeup(task);
  copas.addthread(async () => {
    await copas.pause(10);
    conn.feed("line\n");
  });
  await copas.loop();
  assertEquals(events, [0, 3, "line"]);
  await skt.close();
});

Deno.test("a thread that sleeps until it is woken does not keep the loop, and lives on", async () => {
  const { copas, events } = make();
  const task = copas.addthread(async () => {
    events.push("begins");
    await copas.pauseforever();
    events.push("woken");
    await copas.sleep(-1);
    events.push("woken again");
  });
  await copas.loop();
  assertEquals([events, task.status], [["begins"], "suspended"]);
  await copas.loop(() => copas.wakeup(task));
  assertEquals(events, ["begins", "woken"]);
  copas.wakeup(task);
  assert(!copas.finished());
  await copas.loop();
  assertEquals([events.at(-1), task.status], ["woken again", "dead"]);
});

Deno.test("sleep resolves to nothing", async () => {
  const { copas, clock } = make();
  assertEquals(await copas.sleep(3), undefined);
  assertEquals(await copas.sleep(), undefined);
  assertEquals(clock.now(), 3);
});

Deno.test("a signal ends every kind of sleep, and its reason is the cause", async () => {
  const { copas, clock } = make();
  const calls = [
    (signal: AbortSignal) => copas.pause(100, { signal }),
    (signal: AbortSignal) => copas.sleep(100, { signal }),
    (signal: AbortSignal) => copas.sleep(-1, { signal }),
    (signal: AbortSignal) => copas.pauseforever({ signal }),
    (signal: AbortSignal) => copas.waitforexit({ signal }),
  ];
  for (const call of calls) {
    const abort = new AbortController();
    const reason = new Error("enough");
    const before = clock.now();
    copas.addthread(async () => {
      await copas.pause(3);
      abort.abort(reason);
    });
    const error = await assertRejects(
      () => call(abort.signal),
      CancelledError,
      "the signal was aborted",
    );
    assertEquals(error.cause, reason);
    assertEquals(clock.now() - before, 3);
  }
});

Deno.test("a signal that was aborted before ends a sleep at once", async () => {
  const { copas, clock } = make();
  const signal = AbortSignal.abort();
  const calls = [
    () => copas.pause(100, { signal }),
    () => copas.pause(0, { signal }),
    () => copas.sleep(0, { signal }),
    () => copas.sleep(-1, { signal }),
    () => copas.pauseforever({ signal }),
    () => copas.waitforexit({ signal }),
  ];
  for (const call of calls) await assertRejects(call, CancelledError);
  assertEquals(clock.now(), 0);
});

Deno.test("a signal that aborts after the sleep has no effect, and holds nothing", async () => {
  const { copas } = make();
  const abort = new AbortController();
  let listeners = 0;
  const { signal } = abort;
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  const remove = signal.removeEventListener.bind(signal);
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  for (let i = 0; i < 5; i++) await copas.pause(1, { signal });
  abort.abort();
  assertEquals(listeners, 0);
});

Deno.test("waitforexit has a timeout", async () => {
  const { copas, clock } = make();
  copas.addthread(() => copas.pause(10));
  const loop = copas.loop(async () => {
    const error = await assertRejects(() => copas.waitforexit({ timeout: 4 }));
    assertEquals((error as { code?: string }).code, "timeout");
    assertEquals(clock.now(), 4);
  });
  await loop;
});

Deno.test("sleeps that the thread does not await do no harm when they fail, and a timeout is reported", async () => {
  const { copas, clock } = make();
  const errors: unknown[] = [];
  const abort = new AbortController();
  const { signal } = abort;
  const task = copas.addthread(async () => {
    copas.seterrorhandler((error) => errors.push((error as Error).message));
    copas.sleep(100);
    copas.sleep(100, { signal });
    copas.pause(100, { signal });
    copas.pauseforever({ signal });
    copas.waitforexit({ signal });
    copas.waitforexit({ timeout: 1 });
    await copas.pause(50);
  });
  copas.addthread(async () => {
    await copas.pause(2);
    abort.abort();
    await copas.pause(2);
    copas.removethread(task);
  });
  await copas.loop();
  assertEquals(clock.now(), 4);
  assertEquals(errors, ["Cannot wait for the exit: timed out after 1 s"]);
});

Deno.test("code outside every thread that slept until it was woken is no thread afterwards", async () => {
  const { copas } = make();
  const signal = AbortSignal.abort();
  await copas.pauseforever({ signal }).catch(() => {});
  assertEquals(copas.status().threads, 0);
  const main = copas.currentthread();
  copas.addthread(async () => {
    await copas.pause(1);
    assertEquals(copas.status().threads, 1);
    copas.wakeup(main);
  });
  assertEquals(await copas.pauseforever(), 1);
  assertEquals(copas.status().threads, 0);
});
