import { assertEquals, assertRejects } from "@std/assert";
import { CancelledError, TimeoutError } from "../../mod.ts";
import { dispatcher } from "./dispatcher.ts";

Deno.test("a future without a thread has the result that it is given, once", async () => {
  const { copas, clock } = dispatcher();
  const future = copas.future.new<string>();
  assertEquals(future.try(), [copas.future.PENDING]);
  const log: unknown[] = [];
  copas.addthread(async () => {
    await assertRejects(() => future.get(1), TimeoutError, "the future");
    log.push(await future, clock.now());
  });
  copas.addthread(async () => {
    await copas.pause(2);
    assertEquals(String(future), "future: pending, 1 waiting");
    assertEquals([future.resolve("one"), future.resolve("two")], [true, false]);
    assertEquals([future.reject("late"), future.cancel()], [false, false]);
  });
  await copas.loop();
  assertEquals(log, ["one", 2]);
  assertEquals(await future.get(0), "one");
  assertEquals(future.try(), [copas.future.SUCCESS, "one"]);
  assertEquals(String(future), "future: has a result");
});

Deno.test("a future is given its result by a callback that is not Copas's", async () => {
  const { copas } = dispatcher();
  const future = copas.future.new<number>();
  setTimeout(() => future.resolve(42));
  assertEquals(await future, 42);
});

Deno.test("a future that was rejected gives its error to those who ask; if none does, the error handler gets it", async () => {
  const { copas, reports } = dispatcher();
  copas.addnamedthread("maker", async () => {
    const asked = copas.future.new();
    copas.future.new().reject(new Error("not asked for"));
    const waiting = assertRejects(() => asked.get(), Error, "asked for");
    asked.reject(new Error("asked for"));
    await waiting;
    await assertRejects(() => asked.get(), Error, "asked for");
    assertEquals(String(asked), "future: failed");
  });
  await copas.loop();
  assertEquals(reports, [{ thread: "maker", message: "not asked for" }]);
});

Deno.test("a future without a thread is cancelled for all who wait", async () => {
  const { copas, reports } = dispatcher();
  const future = copas.future.new();
  let failed = 0;
  for (let i = 0; i < 2; i++) {
    copas.addthread(async () => {
      await assertRejects(() => future.get(), CancelledError, "was cancelled");
      failed++;
    });
  }
  assertEquals([future.cancel(), future.cancel()], [true, false]);
  await copas.loop();
  assertEquals([failed, reports], [2, []]);
});
