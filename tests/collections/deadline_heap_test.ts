// The heap of deadlines, against a sorted array.

import { assertEquals } from "@std/assert";
import {
  DeadlineEntry,
  DeadlineHeap,
} from "../../src/collections/deadline_heap.ts";
import { randomly } from "../fixtures/seeded_random.ts";

class Named extends DeadlineEntry {
  constructor(readonly name: string) {
    super();
  }
  due(): void {}
}

function takeAll(heap: DeadlineHeap, now: number): string[] {
  const names = [];
  for (let entry; (entry = heap.take(now)) !== undefined;) {
    names.push((entry as Named).name);
  }
  return names;
}

Deno.test("entries come out in the order of their times, those of one time in the order in which they came", () => {
  const heap = new DeadlineHeap();
  assertEquals([heap.next, heap.size], [Infinity, 0]);
  for (const name of ["3a", "1a", "2a", "1b", "3b", "1c"]) {
    heap.set(new Named(name), Number(name[0]));
  }
  assertEquals([heap.next, heap.size], [1, 6]);
  assertEquals(takeAll(heap, 0.9), []);
  assertEquals(takeAll(heap, 2), ["1a", "1b", "1c", "2a"]);
  assertEquals([heap.next, heap.size], [3, 2]);
  assertEquals(takeAll(heap, Infinity), ["3a", "3b"]);
  assertEquals(heap.next, Infinity);
});

Deno.test("an entry can be moved to either side, and taken out", () => {
  const heap = new DeadlineHeap();
  const [a, b, c] = ["a", "b", "c"].map((name) => new Named(name));
  heap.set(a, 1);
  heap.set(b, 2);
  heap.set(c, 3);
  heap.set(c, 0);
  heap.set(a, 5);
  assertEquals(heap.size, 3);
  heap.delete(b);
  heap.delete(b);
  heap.delete(new Named("never in"));
  assertEquals(takeAll(heap, 10), ["c", "a"]);
  heap.delete(a);
  heap.set(a, 1);
  assertEquals(takeAll(heap, 10), ["a"]);
});

Deno.test("what is put in while others are taken out can wait for the next time", () => {
  const heap = new DeadlineHeap();
  const [a, b] = ["a", "b"].map((name) => new Named(name));
  heap.set(a, 1);
  const { newest } = heap;
  assertEquals(heap.take(1, newest), a);
  heap.set(a, 1);
  heap.set(b, 0);
  assertEquals(heap.take(1, newest), undefined);
  assertEquals(takeAll(heap, 1), ["b", "a"]);
});

Deno.test("the heap does what a sorted array does, whatever is done to it", () =>
  randomly((random) => {
    const heap = new DeadlineHeap();
    const entries = Array.from({ length: 60 }, (_, i) => new Named(`${i}`));
    let model: { entry: Named; at: number; order: number }[] = [];
    let order = 0;
    const remove = (removed: Named) =>
      model = model.filter(({ entry }) => entry !== removed);
    const sort = () => model.sort((a, b) => a.at - b.at || a.order - b.order);
    for (let i = 0; i < 5000; i++) {
      const entry = random.pick(entries);
      const what = random.below(10);
      if (what < 6) {
        const at = random.below(40);
        heap.set(entry, at);
        remove(entry);
        model.push({ entry, at, order: order++ });
        sort();
      } else if (what < 8) {
        heap.delete(entry);
        remove(entry);
      } else {
        const now = random.below(40);
        const [first] = model;
        const expected = first?.at <= now ? model.shift()!.entry : undefined;
        assertEquals((heap.take(now) as Named)?.name, expected?.name);
      }
      assertEquals(heap.size, model.length);
      assertEquals(heap.next, model[0]?.at ?? Infinity);
      const inside = new Set(model.map(({ entry }) => entry));
      for (const one of entries) {
        assertEquals(one.place >= 0, inside.has(one), `entry ${one.name}`);
      }
    }
    const rest = model.map(({ entry }) => entry.name);
    assertEquals(takeAll(heap, Infinity), rest);
  }));
