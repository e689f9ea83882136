import { assertEquals, assertStrictEquals } from "@std/assert";
import { Copas } from "../../mod.ts";

Deno.test("the tools of dispatchers are apart from each other", async () => {
  const [one, other] = [new Copas(), new Copas()];
  assertEquals(one.lock.new().name, other.lock.new().name);
  const lock = one.lock.new();
  one.addthread(async () => {
    await lock.get();
    // Here the thread is one of code outside every thread of the other dispatcher.
    assertEquals(other.getthreadname(), "main");
    lock.release();
  });
  await one.loop();
});

Deno.test("a view of a dispatcher has the dispatcher's own tools", () => {
  const copas = new Copas();
  const view = copas.scoped({ net: [] });
  for (
    const tool of ["timer", "lock", "semaphore", "queue", "future"] as const
  ) assertStrictEquals(view[tool], copas[tool]);
  assertEquals(copas.lock.new().name, "lock_1");
  assertEquals(view.lock.new().name, "lock_2");
});
