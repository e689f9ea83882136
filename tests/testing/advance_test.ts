// Moving the virtual clock on.

import { assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { VirtualClock } from "../../src/testing/mod.ts";
import { tcpPair } from "../fixtures/socket_pair.ts";
import { strict } from "../fixtures/virtual.ts";

function standing(): { clock: VirtualClock; copas: Copas; events: unknown[] } {
  const clock = new VirtualClock({ autojump: false });
  return { clock, copas: strict(new Copas({ clock })), events: [] };
}

Deno.test("what is due runs in order, each at its own time", async () => {
  const { clock, copas, events } = standing();
  const timer = copas.timer.new({
    delay: 3,
    recurring: true,
    callback: () => events.push(`timer ${clock.now()}`),
  });
  copas.addthread(async () => {
    for (let i = 0; i < 10; i++) {
      await copas.pause(1);
      events.push(clock.now());
    }
    timer.cancel();
  });
  const loop = copas.loop();
  await clock.advance(10);
  assertEquals(
    events.join(", "),
    "1, 2, timer 3, 3, 4, 5, timer 6, 6, 7, 8, timer 9, 9, 10",
  );
  assertEquals(clock.now(), 10);
  await loop;
});

Deno.test("what runs has come to its next wait when the clock has been moved on", async () => {
  const { clock, copas, events } = standing();
  copas.addthread(async () => {
    await copas.pause(2);
    for (let i = 0; i < 20; i++) await copas.pause();
    events.push(clock.now());
    await copas.pause(5);
    events.push(clock.now());
  });
  const loop = copas.loop();
  await clock.advance(4);
  assertEquals([events, clock.now()], [[2], 4]);
  await clock.advance(3);
  assertEquals([events, clock.now()], [[2, 7], 7]);
  await loop;
});

Deno.test("several dispatchers and signals have their times in one order", async () => {
  const clock = new VirtualClock({ autojump: false });
  const events: string[] = [];
  const loops = [2, 3].map((seconds) => {
    const copas = strict(new Copas({ clock }));
    copas.addthread(async () => {
      for (let i = 0; i < 3; i++) {
        await copas.pause(seconds);
        events.push(`${seconds}: ${clock.now()}`);
      }
    });
    return copas.loop();
  });
  clock.timeout(5).onabort = () => events.push(`signal: ${clock.now()}`);
  await clock.advance(9);
  assertEquals(
    events.filter((event) => !event.endsWith(" 6")).join(", "),
    "2: 2, 3: 3, 2: 4, signal: 5, 3: 9",
  );
  assertEquals(events.length, 7);
  await Promise.all(loops);
});

Deno.test("a socket's answer comes before the next deadline", async () => {
  using pair = await tcpPair();
  const { clock, copas, events } = standing();
  const ours = copas.wrap(pair.ours);
  const theirs = copas.wrap(pair.theirs);
  copas.addthread(async () => {
    for await (const line of theirs) await theirs.send(line + "\n");
    theirs.close();
  });
  copas.addthread(async () => {
    for (let i = 0; i < 3; i++) {
      await copas.pause(1);
      await ours.send("line\n");
      await ours.receive("*l", { timeout: 0.5 });
      events.push(clock.now());
    }
    ours.close();
  });
  const loop = copas.loop();
  await clock.advance(10);
  assertEquals(events, [1, 2, 3]);
  await loop;
});

Deno.test("where the clock jumps by itself, it goes on from where it was moved to", async () => {
  const clock = new VirtualClock();
  const copas = strict(new Copas({ clock }));
  const events: number[] = [];
  copas.addthread(async () => {
    for (const seconds of [1, 2, 100]) {
      await copas.pause(seconds);
      events.push(clock.now());
    }
  });
  const advanced = clock.advance(50).then(() => events.push(clock.now()));
  await Promise.all([copas.loop(), advanced]);
  assertEquals(events, [1, 3, 50, 103]);
});

Deno.test("two calls at once add up, one after the other", async () => {
  const { clock, copas, events } = standing();
  copas.addthread(async () => {
    await copas.pause(3);
    events.push(clock.now());
  });
  const loop = copas.loop();
  await Promise.all([clock.advance(2), clock.advance(2)]);
  assertEquals([events, clock.now()], [[3], 4]);
  await loop;
});

Deno.test("a thread may move the clock on, and the time comes for others meanwhile", async () => {
  const { clock, copas, events } = standing();
  copas.addthread(async () => {
    await copas.pause(1);
    events.push(`sleeper ${clock.now()}`);
  });
  copas.addthread(async () => {
    await clock.advance(2);
    events.push(`mover ${clock.now()}`);
  });
  await copas.loop();
  assertEquals(events, ["sleeper 1", "mover 2"]);
});

Deno.test("where no dispatcher runs the clock moves on all the same, and what is due runs when one does", async () => {
  const { clock, copas, events } = standing();
  copas.addthread(async () => events.push(await copas.pause(10)));
  await clock.advance(60);
  assertEquals([events, clock.now()], [[], 60]);
  await copas.loop();
  assertEquals(events, [60]);
});

Deno.test("a time that would never come is refused, and nothing is changed", async () => {
  const { clock } = standing();
  await assertRejects(
    () => clock.advance(-1),
    RangeError,
    "advance(): the time must be a number of seconds, 0 or more, got -1",
  );
  await assertRejects(() => clock.advance(NaN), RangeError, "got NaN");
  await assertRejects(
    () => clock.advance("1" as never),
    TypeError,
    'got "1"',
  );
  await assertRejects(() => clock.advance(Infinity), RangeError, "finite");
  assertEquals(clock.now(), 0);
});
