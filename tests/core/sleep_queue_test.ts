// The sleep queue, against a sorted array.

import { assertEquals } from "@std/assert";
import { Sleeper, SleepQueue } from "../../src/core/sleep_queue.ts";
import { randomly } from "../fixtures/seeded_random.ts";

class Named extends Sleeper {
  constructor(readonly name: string) {
    super();
  }
  due(): void {}
}

function takeAll(queue: SleepQueue, now: number): string[] {
  const names = [];
  for (let sleeper; (sleeper = queue.take(now)) !== undefined;) {
    names.push((sleeper as Named).name);
  }
  return names;
}

Deno.test("sleepers come out in the order of their times, those of one time in the order in which they came", () => {
  const queue = new SleepQueue();
  assertEquals([queue.next, queue.size], [Infinity, 0]);
  for (const name of ["3a", "1a", "2a", "1b", "3b", "1c"]) {
    queue.set(new Named(name), Number(name[0]));
  }
  assertEquals([queue.next, queue.size], [1, 6]);
  assertEquals(takeAll(queue, 0.9), []);
  assertEquals(takeAll(queue, 2), ["1a", "1b", "1c", "2a"]);
  assertEquals([queue.next, queue.size], [3, 2]);
  assertEquals(takeAll(queue, Infinity), ["3a", "3b"]);
  assertEquals(queue.next, Infinity);
});

Deno.test("a sleeper can be moved to either side, and taken out", () => {
  const queue = new SleepQueue();
  const [a, b, c] = ["a", "b", "c"].map((name) => new Named(name));
  queue.set(a, 1);
  queue.set(b, 2);
  queue.set(c, 3);
  queue.set(c, 0);
  queue.set(a, 5);
  assertEquals(queue.size, 3);
  queue.delete(b);
  queue.delete(b);
  queue.delete(new Named("never in"));
  assertEquals(takeAll(queue, 10), ["c", "a"]);
  queue.delete(a);
  queue.set(a, 1);
  assertEquals(takeAll(queue, 10), ["a"]);
});

Deno.test("what is put in while others are taken out can wait for the next time", () => {
  const queue = new SleepQueue();
  const [a, b] = ["a", "b"].map((name) => new Named(name));
  queue.set(a, 1);
  const { newest } = queue;
  assertEquals(queue.take(1, newest), a);
  queue.set(a, 1);
  queue.set(b, 0);
  assertEquals(queue.take(1, newest), undefined);
  assertEquals(takeAll(queue, 1), ["b", "a"]);
});

Deno.test("the queue does what a sorted array does, whatever is done to it", () =>
  randomly((random) => {
    const queue = new SleepQueue();
    const sleepers = Array.from({ length: 60 }, (_, i) => new Named(`${i}`));
    let model: { sleeper: Named; at: number; order: number }[] = [];
    let order = 0;
    const remove = (sleeper: Named) =>
      model = model.filter((entry) => entry.sleeper !== sleeper);
    const sort = () => model.sort((a, b) => a.at - b.at || a.order - b.order);
    for (let i = 0; i < 5000; i++) {
      const sleeper = random.pick(sleepers);
      const what = random.below(10);
      if (what < 6) {
        const at = random.below(40);
        queue.set(sleeper, at);
        remove(sleeper);
        model.push({ sleeper, at, order: order++ });
        sort();
      } else if (what < 8) {
        queue.delete(sleeper);
        remove(sleeper);
      } else {
        const now = random.below(40);
        const [first] = model;
        const expected = first?.at <= now ? model.shift()!.sleeper : undefined;
        assertEquals((queue.take(now) as Named)?.name, expected?.name);
      }
      assertEquals(queue.size, model.length);
      assertEquals(queue.next, model[0]?.at ?? Infinity);
      const inside = new Set(model.map((entry) => entry.sleeper));
      for (const one of sleepers) {
        assertEquals(one.place >= 0, inside.has(one), `sleeper ${one.name}`);
      }
    }
    const rest = model.map((entry) => entry.sleeper.name);
    assertEquals(takeAll(queue, Infinity), rest);
  }));
