import { assertEquals } from "@std/assert";
import { ItemStore } from "../../src/sync/item_store.ts";

Deno.test("items come out in the order in which they went in", () => {
  const store = new ItemStore<number>();
  const out: number[] = [];
  // It grows and shrinks, so that the room at its front is given up now and then.
  for (let i = 0; i < 1000; i++) {
    store.push(i);
    if (i % 3 !== 0) out.push(store.take());
  }
  assertEquals(store.size, 1000 - out.length);
  while (store.size > 0) out.push(store.take());
  assertEquals(out, Array.from({ length: 1000 }, (_, i) => i));
});

Deno.test("items that were taken in vain go back to where they were, in any order", () => {
  const store = new ItemStore<string>();
  for (const item of "abcde") store.push(item);
  const numbers = new Map<string, number>();
  for (let i = 0; i < 4; i++) {
    const item = store.take();
    numbers.set(item, store.lastTaken);
  }
  for (const item of ["b", "a", "d"]) store.putBack(numbers.get(item)!, item);
  assertEquals(store.size, 4);
  assertEquals(store.take(), "a");
  store.putBack(store.lastTaken, "a");
  const out = [];
  while (store.size > 0) out.push(store.take());
  assertEquals(out.join(""), "abde");
});

Deno.test("undefined is an item", () => {
  const store = new ItemStore<undefined>();
  store.push(undefined);
  assertEquals(store.size, 1);
  assertEquals(store.take(), undefined);
  assertEquals(store.size, 0);
});

Deno.test("a store that was cleared is empty", () => {
  const store = new ItemStore<number>();
  store.push(1);
  store.push(2);
  store.putBack(store.lastTaken, store.take());
  store.clear();
  assertEquals(store.size, 0);
  store.push(3);
  assertEquals(store.take(), 3);
});
