// copas.wait: any promise, waited for on behalf of a thread.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { CancelledError, TimeoutError } from "../../src/errors/errors.ts";
import { virtual as make } from "../fixtures/virtual.ts";
import { turn } from "../fixtures/event_loop.ts";

Deno.test("a wait gives what the promise resolves to, or throws what it is rejected with", async () => {
  const { copas } = make();
  const error = new RangeError("no luck");
  assertEquals(await copas.wait(Promise.resolve(5)), 5);
  assertEquals(
    await assertRejects(() => copas.wait(Promise.reject(error))),
    error,
  );
});

Deno.test("a wait takes any thenable, and asks it within the thread", async () => {
  const { copas, events } = make();
  copas.addnamedthread("T", async () => {
    const value = await copas.wait<number>({
      // deno-lint-ignore no-explicit-any -- the least of a thenable
      then(resolve: any): any {
        events.push(copas.getthreadname());
        resolve(7);
      },
    });
    events.push(value);
  });
  await copas.loop();
  assertEquals(events, ["T", 7]);
});

Deno.test("a thread goes on in a step, not when the promise is settled", async () => {
  const { copas, events } = make();
  const gate = Promise.withResolvers<string>();
  copas.addthread(async () => events.push(await copas.wait(gate.promise)));
  await copas.step(0);
  gate.resolve("through");
  await turn();
  assertEquals(events, []);
  await copas.step();
  assertEquals(events, ["through"]);
});

Deno.test("the loop waits for a promise, and threads have their turns meanwhile", async () => {
  const { copas, events } = make();
  const gate = Promise.withResolvers<void>();
  copas.addthread(async () => {
    await copas.wait(gate.promise);
    events.push("through");
  });
  copas.addthread(async () => {
    await copas.pause(5);
    events.push("slept");
    gate.resolve();
  });
  await copas.loop();
  assertEquals(events, ["slept", "through"]);
});

Deno.test("a wait can time out, and be cancelled by its signal", async () => {
  const { copas, clock } = make();
  const never = new Promise<void>(() => {});
  const timeout = await assertRejects(
    () => copas.wait(never, { timeout: 3 }),
    TimeoutError,
  );
  assertEquals(
    timeout.message,
    "Cannot wait for the promise: timed out after 3 s",
  );
  assertEquals([timeout.code, clock.now()], ["timeout", 3]);
  const abort = new AbortController();
  copas.addthread(() => abort.abort("why"));
  const cancelled = await assertRejects(
    () => copas.wait(never, { signal: abort.signal, timeout: 100 }),
    CancelledError,
  );
  assertEquals([cancelled.cause, clock.now()], ["why", 3]);
});

Deno.test("a wait without time takes what is there", async () => {
  for (const copas of [new Copas(), make().copas]) {
    assertEquals(await copas.wait(Promise.resolve(1), { timeout: 0 }), 1);
    await assertRejects(
      () => copas.wait(new Promise(() => {}), { timeout: 0 }),
      TimeoutError,
    );
  }
});

Deno.test("a negative timeout, and Infinity, are none", async () => {
  const { copas, clock } = make();
  for (const timeout of [-1, Infinity, undefined]) {
    const gate = Promise.withResolvers<void>();
    copas.addthread(async () => {
      await copas.pause(1000);
      gate.resolve();
    });
    await copas.wait(gate.promise, { timeout });
  }
  assertEquals(clock.now(), 3000);
});

Deno.test("a promise that fails before or after its wait does not end the process", async () => {
  const { copas } = make();
  const late = Promise.withResolvers<void>();
  // Before any driver runs.
  copas.addthread(async () => {
    await assertRejects(
      () => copas.wait(Promise.reject(new Error("early"))),
      Error,
      "early",
    );
  });
  await turn();
  // After the wait was given up.
  copas.addthread(async () => {
    await assertRejects(
      () => copas.wait(late.promise, { timeout: 1 }),
      TimeoutError,
    );
    late.reject(new Error("late"));
    await turn();
  });
  // In a thread that was removed, or with a signal that was aborted.
  const task = copas.addthread(async () => {
    await copas.pauseforever().catch(() => {});
    copas.wait(Promise.reject(new Error("removed")));
    await turn();
  });
  copas.removethread(task);
  copas.addthread(async () => {
    copas.wait(Promise.reject(new Error("aborted")), {
      signal: AbortSignal.abort(),
    });
    await turn();
  });
  await copas.loop();
});

Deno.test("what is no promise is refused", async () => {
  const { copas } = make();
  for (
    const [value, shown] of [[5, "5"], [undefined, "undefined"], [{}, "Object"]]
  ) {
    const wrong = value as unknown as Promise<void>;
    const refused = copas.wait(wrong);
    await assertRejects(
      () => refused,
      TypeError,
      `wait(): the promise must be a promise, got ${shown}`,
    );
  }
  assertEquals(copas.status().outside, 0);
  assert(copas.finished());
});

Deno.test("a wait outside every thread drives only its own dispatcher", async () => {
  const a = make();
  const b = make();
  b.copas.addthread(async () => {
    await b.copas.pause();
    b.events.push("ran");
  });
  await a.copas.wait(turn());
  assertEquals(b.events, []);
  await b.copas.wait(turn());
  assertEquals(b.events, ["ran"]);
  assertThrows(() => b.copas.wakeup(undefined as never), TypeError);
});

Deno.test("waits for the same promise, again and again, leave nothing with it when they time out", async () => {
  const { copas } = make();
  const { promise, resolve } = Promise.withResolvers<string>();
  let reactions = 0;
  promise.then = function (...args: unknown[]) {
    reactions++;
    return Promise.prototype.then.apply(this, args as []) as Promise<never>;
  };
  copas.addthread(async () => {
    for (let i = 0; i < 100; i++) {
      await assertRejects(
        () => copas.wait(promise, { timeout: 1 }),
        TimeoutError,
      );
    }
    const last = copas.wait(promise);
    resolve("at last");
    assertEquals(await last, "at last");
    assertEquals(await copas.wait(promise), "at last");
  });
  await copas.loop();
  // One for all that timed out, and those after the end.
  assert(reactions < 10, `${reactions} reactions`);
});
