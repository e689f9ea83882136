// The machine's clock.

import { assert, assertEquals } from "@std/assert";
import { RealClock } from "../../src/core/clock.ts";
import { turn } from "../fixtures/event_loop.ts";

Deno.test("the clock never goes back, and is that of performance.now()", () => {
  const clock = new RealClock();
  let last = performance.now() / 1000;
  for (let i = 0; i < 1000; i++) {
    const now = clock.now();
    assert(now >= last);
    last = now;
  }
  assert(performance.now() / 1000 >= last);
});

Deno.test("an alarm rings once, and not before its time", async () => {
  const clock = new RealClock();
  for (const seconds of [-1, 0, 0.0001, 0.005]) {
    let rings = 0;
    const at = clock.now() + seconds;
    await new Promise<void>((resolve) => {
      clock.alarm(at, () => {
        rings++;
        resolve();
      });
    });
    assert(clock.now() >= at);
    await turn();
    assertEquals(rings, 1);
  }
});

Deno.test("an alarm that is due rings after the caller has gone on", async () => {
  const clock = new RealClock();
  const events: string[] = [];
  const rung = new Promise<void>((resolve) => {
    clock.alarm(clock.now(), () => {
      events.push("rung");
      resolve();
    });
  });
  await null;
  events.push("caller");
  await rung;
  assertEquals(events, ["caller", "rung"]);
});

Deno.test("an alarm that is taken back does not ring", async () => {
  const clock = new RealClock();
  const wrong = () => Promise.reject(new Error("it rang"));
  for (const seconds of [0, 0.001]) clock.alarm(clock.now() + seconds, wrong)();
  await new Promise<void>((resolve) => {
    clock.alarm(clock.now() + 0.01, resolve);
  });
});

Deno.test("an alarm may be farther off than a timer can be set for", async () => {
  const clock = new RealClock();
  const { warn } = console;
  let warnings = 0;
  console.warn = () => warnings++;
  try {
    const cancels = [Infinity, 1e9].map((at) =>
      clock.alarm(at, () => warnings++)
    );
    await new Promise<void>((resolve) => {
      clock.alarm(clock.now() + 0.01, resolve);
    });
    for (const cancel of cancels) cancel();
  } finally {
    console.warn = warn;
  }
  assertEquals(warnings, 0);
});
