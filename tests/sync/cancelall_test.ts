// What cancelall and exit mean for threads that wait for tools.

import { assertEquals, assertRejects } from "@std/assert";
import { CancelledError } from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

Deno.test("cancelall ends threads that wait for tools at once, whatever their timeouts", async () => {
  const { copas, clock, reports } = dispatcher();
  const lock = copas.lock.new();
  const semaphore = copas.semaphore.new(1);
  const queue = copas.queue.new<number>({ maxsize: 1 });
  const stopping = copas.queue.new<number>();
  const idle = copas.queue.new();
  const future = copas.future.addthread(() => copas.pause(60));
  await queue.push(1);
  await stopping.push(1);
  await lock.get();
  let cancelled = 0;
  const waits = [
    () => lock.get(3),
    () => lock.get(Infinity),
    () => semaphore.take(1, 30),
    () => queue.push(2, 30),
    () => stopping.finish(30),
    () => idle.pop(30),
    () => future.get(30),
  ];
  for (const wait of waits) {
    copas.addthread(async () => {
      await assertRejects<Error>(wait, CancelledError);
      cancelled++;
    });
  }
  idle.addworker(() => {});
  copas.addthread(async () => {
    await copas.pause(1);
    copas.cancelall();
  });
  await copas.loop();
  assertEquals([cancelled, clock.now(), reports], [waits.length, 1, []]);
  assertEquals(copas.status().threads, 0);
  lock.release();
});

Deno.test("cancelall can be called from a timeout's callback and from an error handler", async () => {
  const { copas, clock } = dispatcher();
  copas.seterrorhandler(() => copas.cancelall(), true);
  copas.timeout(1, () => {
    throw new Error("failed");
  });
  for (let i = 0; i < 3; i++) copas.addthread(() => copas.pause(100));
  await copas.loop();
  assertEquals(clock.now(), 1);
  copas.timeout(1, () => copas.cancelall());
  for (let i = 0; i < 3; i++) copas.addthread(() => copas.pause(100));
  await copas.loop();
  assertEquals(clock.now(), 2);
});

Deno.test("exit lets all go on who wait for it", async () => {
  const { copas } = dispatcher();
  let released = 0;
  for (let i = 0; i < 5; i++) {
    copas.addthread(async () => {
      await copas.waitforexit();
      released++;
    });
  }
  await copas.loop();
  assertEquals(released, 5);
});
