// Methods that are taken off the dispatcher, and functions that have Lua's form.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Copas } from "../../src/copas/copas.ts";
import { ClosedError } from "../../src/errors/errors.ts";
import { virtual } from "../fixtures/virtual.ts";

Deno.test("methods may be taken off the object", async () => {
  const { copas, clock, events } = virtual();
  const { addthread, pause, loop, currentthread, getthreadname } = copas;
  addthread(async () => {
    await pause(2);
    events.push(currentthread().name === getthreadname(), clock.now());
  });
  await loop();
  assertEquals(events, [true, 2]);
  const { bind } = copas.socket;
  assertEquals(typeof bind, "function");
});

Deno.test("the methods of a class that extends the dispatcher stand in front of its own", () => {
  class Loud extends Copas {
    loudness = 11;
    override getthreadname(): string {
      return `${super.getthreadname()}${this.loudness}`;
    }
  }
  const { getthreadname, currentthread } = new Loud();
  assertEquals(getthreadname(), "main11");
  assertEquals(currentthread().name, "main");
  assertEquals(Object.keys(new Copas()), Object.keys(new Copas()));
  assert(!Object.keys(new Copas()).includes("pause"), "they are not listed");
});

Deno.test("currentthread is the thread that runs: others wake it by that", async () => {
  const { copas, events } = virtual();
  const sleepers: ReturnType<typeof copas.currentthread>[] = [];
  const task = copas.addthread(async () => {
    await copas.pause();
    sleepers.push(copas.currentthread());
    await copas.pauseforever();
    events.push("woken");
  });
  copas.addthread(async () => {
    await copas.pause(1);
    for (const sleeper of sleepers) copas.wakeup(sleeper);
  });
  await copas.loop();
  assertEquals([events, sleepers], [["woken"], [task]]);
  assertEquals(copas.currentthread().name, "main");
});

Deno.test("pcall gives the value, the end of a stream, or what was thrown", async () => {
  const { copas } = virtual();
  const add = (a: number, b: number) => Promise.resolve(a + b);
  assertEquals(await copas.pcall(add, 1, 2), [3]);
  assertEquals(await copas.pcall(() => {}), [undefined]);
  assertEquals(await copas.pcall(() => ""), [""]);
  assertEquals(await copas.pcall(() => null), [null, "closed"]);
  const closed = new ClosedError("the socket is closed");
  assertEquals(await copas.pcall(() => Promise.reject(closed)), [
    null,
    "closed",
    closed,
  ]);
  const wrong = new RangeError("no luck");
  assertEquals(
    await copas.pcall(() => {
      throw wrong;
    }),
    [null, "no luck", wrong],
  );
  assertEquals(await copas.pcall(() => Promise.reject("a string")), [
    null,
    "a string",
    "a string",
  ]);
  await assertRejects(
    () => copas.pcall(5 as never),
    TypeError,
    "pcall(): fn must be a function, got 5",
  );
});
