// The virtual clock.

import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { TimeoutError } from "../../src/errors/errors.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { turn } from "../fixtures/event_loop.ts";
import { runScript } from "../fixtures/socket_child.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";
import { strict, virtual } from "../fixtures/virtual.ts";

Deno.test("an hour takes no time, and times are exact", async () => {
  const clock = new VirtualClock();
  const copas = strict(new Copas({ clock }));
  const times: number[] = [];
  for (const seconds of [3600, 0.1, 0.3, 1e9]) {
    copas.addthread(async () => {
      await copas.pause(seconds);
      times.push(clock.now());
    });
  }
  const began = performance.now();
  await copas.loop();
  assertEquals(times, [0.1, 0.3, 3600, 1e9]);
  assert(performance.now() - began < 60_000);
});

Deno.test("the clock begins where it is told to, and moves only forward", async () => {
  const clock = new VirtualClock({ start: 0.1 });
  const copas = strict(new Copas({ clock }));
  assertEquals(await copas.pause(0.2), clock.now() - 0.1);
  assertEquals(clock.now(), 0.1 + 0.2);
  await clock.advance(0);
  assertEquals(clock.now(), 0.1 + 0.2);
});

Deno.test("the clock does not jump while a thread has something to do", async () => {
  const clock = new VirtualClock();
  const copas = strict(new Copas({ clock }));
  copas.addthread(async () => {
    for (let i = 0; i < 3000; i++) {
      await copas.pause();
      assertEquals(clock.now(), 0);
    }
  });
  copas.addthread(() => copas.pause(10));
  await copas.loop();
  assertEquals(clock.now(), 10);
});

Deno.test("without jumps the clock stands still until it is advanced", async () => {
  const clock = new VirtualClock({ autojump: false });
  const copas = strict(new Copas({ clock }));
  const woken: number[] = [];
  for (const seconds of [10, 20, 20, 30]) {
    copas.addthread(async () => {
      await copas.pause(seconds);
      woken.push(seconds);
    });
  }
  const loop = copas.loop();
  await turn();
  assertEquals(woken, []);
  const steps: [seconds: number, woken: number[]][] = [
    [9.5, []],
    [0.5, [10]],
    [15, [10, 20, 20]],
    [100, [10, 20, 20, 30]],
  ];
  for (const [seconds, expected] of steps) {
    await clock.advance(seconds);
    assertEquals(woken, expected);
  }
  await loop;
  assertEquals(clock.now(), 125);
});

Deno.test("what is in the process answers before the clock jumps to a timeout", async () => {
  using pair = await tcpPair();
  const clock = new VirtualClock();
  const copas = strict(new Copas({ clock }));
  const ours = copas.wrap(pair.ours);
  const theirs = copas.wrap(pair.theirs);
  copas.addthread(async () => {
    for await (const line of theirs) await theirs.send(line + "\n");
    theirs.close();
  });
  copas.addthread(async () => {
    ours.settimeout(10);
    for (let i = 0; i < 20; i++) {
      await ours.send(`${i}\n`);
      assertEquals(await ours.receive(), `${i}`);
      assertEquals(clock.now(), i);
      await copas.pause(1);
    }
    ours.close();
  });
  await copas.loop();
  assertEquals(clock.now(), 20);
});

Deno.test("a peer that says nothing is timed out at exactly its time", async () => {
  using pair = await tcpPair();
  const clock = new VirtualClock();
  const copas = strict(new Copas({ clock }));
  const skt = copas.wrap(pair.ours);
  skt.settimeout(3600);
  let error: unknown;
  copas.addthread(async () => {
    await copas.pause(1);
    error = await skt.receive().catch((error) => error);
  });
  await copas.loop();
  assert(error instanceof TimeoutError);
  assertEquals(clock.now(), 3601);
  skt.close();
});

Deno.test("the clock does not jump to a deadline that was met", async () => {
  using pair = await tcpPair();
  const passed = Promise.withResolvers<void>();
  let deadline = 0;
  const clock = new class extends VirtualClock {
    override alarm(...[at, ring, host]: Parameters<VirtualClock["alarm"]>) {
      // The deadline has rung, early or not: the dispatcher waits for something else.
      if (deadline === 3600 && at !== deadline) passed.resolve();
      deadline = at;
      return super.alarm(at, ring, host);
    }
  }();
  const copas = strict(new Copas({ clock }));
  const skt = copas.wrap(pair.ours);
  await pair.theirs.write(new TextEncoder().encode("in time\n"));
  copas.addthread(async () => {
    assertEquals(await skt.receive("*l", { timeout: 3600 }), "in time");
    await copas.wait(passed.promise);
    assertEquals(clock.now(), 0);
    await copas.pause(5);
    assertEquals(clock.now(), 5);
  });
  await copas.loop();
  skt.close();
});

Deno.test("several dispatchers can share a clock", async () => {
  const clock = new VirtualClock();
  const events: unknown[] = [];
  const dispatchers = ["a", "b", "c"].map((name, i) => {
    const copas = strict(new Copas({ clock }));
    copas.addthread(async () => {
      for (let round = 0; round < 3; round++) {
        await copas.pause(i + 2);
        events.push(`${name}${clock.now()}`);
      }
    });
    return copas;
  });
  await Promise.all(dispatchers.map((copas) => copas.loop()));
  assertEquals(
    events.join(" "),
    "a2 b3 c4 a4 b6 a6 c8 b9 c12".split(" ").sort(byTime).join(" "),
  );
});

function byTime(a: string, b: string): number {
  return Number(a.slice(1)) - Number(b.slice(1));
}

Deno.test("a dispatcher that ends does not stop the clock for another", async () => {
  const clock = new VirtualClock();
  const [a, b] = [new Copas({ clock }), new Copas({ clock })];
  b.addthread(() => b.pause(100));
  const loop = b.loop();
  assertEquals(await a.pause(1), 1);
  await loop;
  assertEquals(clock.now(), 100);
});

Deno.test("a step with a time takes that much virtual time", async () => {
  const clock = new VirtualClock();
  const copas = strict(new Copas({ clock }));
  assertFalse(await copas.step(7));
  assertEquals(clock.now(), 7);
  assertFalse(await copas.step(0));
  assertEquals(clock.now(), 7);
});

Deno.test("wrong options are refused", () => {
  for (
    const options of [{ start: "1" }, { quiet: null }, { autojump: 1 }]
  ) {
    assertThrows(
      () => new VirtualClock(options as never),
      TypeError,
      "new VirtualClock(): ",
    );
  }
});

Deno.test("a signal of the clock aborts at its time, and the clock jumps there", async () => {
  const { copas, clock, events } = virtual();
  assert(clock.timeout(0).aborted);
  copas.addthread(async () => {
    const signal = clock.timeout(5);
    await copas.pauseforever({ signal }).catch(() => {});
    events.push(clock.now(), signal.reason.name);
  });
  copas.addthread(() => copas.pause(7));
  await copas.loop();
  assertEquals(events, [5, "TimeoutError"]);
  const signal = clock.timeout(2);
  await clock.advance(1);
  assert(!signal.aborted);
  await clock.advance(1);
  assert(signal.aborted);
});

Deno.test("a time that would never end is refused", () => {
  for (const value of [Infinity, NaN, -1, -Infinity]) {
    assertThrows(() => new VirtualClock({ quiet: value }), RangeError, "quiet");
    assertThrows(() => new VirtualClock({ start: value }), RangeError, "start");
  }
});

for (const autojump of [true, false]) {
  Deno.test(`a clock ${autojump ? "that jumps" : "that stands still"} lets go of dispatchers that are done`, async () => {
    const { stdout, stderr } = await runScript(
      `import { Copas } from "{mod}";
       import { VirtualClock } from "{src}/testing/mod.ts";
       const clock = new VirtualClock({ autojump: ${autojump} });
       const kept = [];
       async function use(id) {
         const copas = new Copas({ clock });
         kept.push(new WeakRef(copas));
         // One ends by its deadline, one has not come to it.
         copas.addthread(() => copas.pause(id % 2 ? 5 : 0));
         const loop = copas.loop();
         ${autojump ? "" : "await clock.advance(5);"}
         await loop;
       }
       for (let i = 0; i < 20; i++) await use(i);
       const turn = () => new Promise((resolve) => setTimeout(resolve));
       const left = () => kept.filter((copas) => copas.deref() !== undefined).length;
       for (let i = 0; i < 100 && left() > 0; i++) { await turn(); globalThis.gc(); }
       console.log(left(), clock.now() > 0);`,
      ["--v8-flags=--expose-gc"],
    );
    assertEquals([stdout.trim(), stderr], ["0 true", ""]);
  });
}
