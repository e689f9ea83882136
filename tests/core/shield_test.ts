// What a removed thread may still do before it goes.

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { CancelledError, TimeoutError } from "../../src/errors/errors.ts";
import { scripted } from "../fixtures/socket_script.ts";
import { virtual } from "../fixtures/virtual.ts";

Deno.test("the waits of a shielded function go on although the thread was removed, and the loop waits for them", async () => {
  const { copas, clock, events } = virtual();
  const task = copas.addthread(async () => {
    try {
      await copas.pause(3600);
    } finally {
      events.push(
        await copas.shield(async () => {
          await copas.pause(1);
          await copas.wait(Promise.resolve());
          await copas.pause();
          return "said goodbye";
        }),
      );
      await copas.pause().catch((error) => events.push(error.code));
    }
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals([events, clock.now()], [["said goodbye", "cancelled"], 1]);
});

Deno.test("a removal during a shielded function reaches the thread after it", async () => {
  const { copas, clock, events } = virtual();
  const task = copas.addthread(async () => {
    await copas.shield(async () => {
      await copas.pause(2);
      events.push(clock.now());
    });
    await copas.pause(1);
    events.push("never");
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(task);
  });
  await copas.loop();
  assertEquals(events, [2]);
});

Deno.test("the shield of a removed thread ends with its time: what runs under it is cancelled", async () => {
  const { copas, clock, events } = virtual();
  const task = copas.addthread(async () => {
    try {
      await copas.pause(3600);
    } finally {
      const error = await assertRejects(() =>
        copas.shield(
          () =>
            copas.pause(100).catch((error) => {
              events.push(error);
            }),
          { timeout: 3 },
        )
      );
      assertInstanceOf(error, TimeoutError);
      events.push(clock.now());
    }
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals(events.length, 2);
  assertEquals(events.find((event) => typeof event === "number"), 3);
  assertInstanceOf(
    events.find((event) => typeof event === "object"),
    CancelledError,
  );
});

Deno.test("a shielded function that waits for something foreign is bounded as well", async () => {
  const { copas, clock } = virtual();
  const task = copas.addthread(async () => {
    await copas.shield(() => new Promise(() => {})).catch(() => {});
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals(clock.now(), 5);
});

Deno.test("a shield covers sends and receives that need not wait", async () => {
  const { copas, conn, skt } = scripted();
  const events: unknown[] = [];
  conn.feed("one\ntwo\n");
  const task = copas.addthread(async () => {
    events.push(await skt.receive());
    copas.removethread(task);
    events.push(await copas.shield(() => skt.receive()));
    await skt.receive().catch((error) => events.push(error.code));
  });
  await copas.loop(() => copas.pause(1));
  assertEquals(events, ["one", "two", "cancelled"]);
  await skt.close();
});

Deno.test("a shield gives the result or the error of its function, and refuses what is none", async () => {
  const { copas } = virtual();
  assertEquals(await copas.shield(() => 5), 5);
  await assertRejects(
    () =>
      copas.shield(() => {
        throw new RangeError("no luck");
      }),
    RangeError,
    "no luck",
  );
  await assertRejects(
    () => copas.shield(5 as never),
    TypeError,
    "shield(): fn must be a function, got 5",
  );
  await assertRejects(
    () => copas.shield(() => {}, { timeout: -1 }),
    RangeError,
    "shield(): the timeout must be",
  );
  let calls = 0;
  const call = (options: unknown) =>
    copas.shield(() => void calls++, options as { timeout: number });
  await assertRejects(
    () => call({ timeuot: 2 }),
    TypeError,
    "shield(): the options have no key timeuot; they have timeout",
  );
  await assertRejects(
    () => call(2),
    TypeError,
    "shield(): the options must be an object, got 2",
  );
  await assertRejects(() => call(null), TypeError, "got null");
  assertEquals(calls, 0);
});

Deno.test("shields within one another end each at its time, and the outer one bounds all", async () => {
  const { copas, clock, events } = virtual();
  const inner = (seconds: number, timeout: number) =>
    copas.shield(() => copas.pause(seconds), { timeout });
  const thread = copas.addthread(async () => {
    try {
      await copas.pauseforever();
    } finally {
      await copas.shield(async () => {
        await inner(50, 1).catch((error) => events.push(error.code));
        events.push(await inner(1, 5), clock.now());
        await inner(50, Infinity).catch((error) =>
          events.push(error.code, clock.now())
        );
      }, { timeout: 4 }).catch((error) => events.push(`outer ${error.code}`));
    }
  });
  copas.addthread(async () => {
    await copas.pause(1);
    copas.removethread(thread);
  });
  await copas.loop();
  assertEquals(events, ["timeout", 1, 3, "outer timeout", "cancelled", 5]);
});

Deno.test("a removed thread that begins shields for ever is given up, and shields within one shield are not counted", async () => {
  const { copas, events } = virtual();
  copas.seterrorhandler((error) => events.push((error as Error).message), true);
  let within = 0;
  let begun = 0;
  const task = copas.addthread(async () => {
    try {
      await copas.pauseforever();
    } catch {
      await copas.shield(async () => {
        for (; within < 300; within++) await copas.shield(() => copas.pause());
      });
    }
    for (;;) {
      await copas.shield(() => ++begun).catch(() => {});
    }
  });
  copas.removethread(task);
  await copas.loop();
  assertEquals([within, begun, events.length], [300, 99, 1]);
  assertStringIncludes(String(events[0]), "it is given up");
});
