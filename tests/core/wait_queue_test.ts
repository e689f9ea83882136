// Queues of waits: order, leaving from any place, and one alarm for all.

import { assertEquals } from "@std/assert";
import { Scheduler } from "../../src/core/scheduler.ts";
import { type AnyWait, Wait } from "../../src/core/wait.ts";
import { TimedWaitQueue, WaitQueue } from "../../src/core/wait_queue.ts";
import type { CopasError } from "../../src/errors/errors.ts";
import { turn } from "../fixtures/event_loop.ts";
import { randomly } from "../fixtures/seeded_random.ts";
import { SetClock } from "../fixtures/set_clock.ts";

class TestWait extends Wait<string> {
  onabandon = () => {};

  constructor(scheduler: Scheduler, readonly name: string) {
    super(scheduler.current, "outside");
  }

  protected failure(): string {
    return `Cannot wait as ${this.name}`;
  }

  protected override abandoned(): void {
    this.onabandon();
  }
}

/** A scheduler that only the test turns. */
function make() {
  const clock = new SetClock();
  const scheduler = new Scheduler(clock, () => {});
  const outcomes: string[] = [];
  /** Makes a wait of a thread of its own. */
  const wait = (name: string) => {
    let made!: TestWait;
    scheduler.spawn(name, async () => {
      made = new TestWait(scheduler, name);
      try {
        outcomes.push(await made.promise);
      } catch (error) {
        outcomes.push(`${name}: ${(error as CopasError).code}`);
      }
    });
    return made;
  };
  /** A round at the clock's time, with all that it causes. */
  const round = async () => {
    scheduler.beginRound(clock.now());
    while (!scheduler.continueRound()) scheduler.slice.begin();
    await turn();
  };
  return { clock, scheduler, outcomes, wait, round };
}

const names = (queue: WaitQueue<AnyWait>) =>
  [...queue].map((wait) => (wait as TestWait).name).join("");

Deno.test("waits stand in the order in which they came, and leave from any place", async () => {
  const { outcomes, wait, round } = make();
  const queue = new WaitQueue();
  const [a, b, c, d] = [..."abcd"].map((name) => wait(name));
  for (const one of [a, b, c, d]) queue.push(one);
  assertEquals([names(queue), queue.size], ["abcd", 4]);
  b.resolve("b");
  assertEquals(names(queue), "acd");
  d.rejectLater(new RangeError());
  assertEquals([names(queue), queue.last], ["ac", c]);
  a.cancel();
  assertEquals([names(queue), queue.first], ["c", c]);
  c.abort("why");
  assertEquals([names(queue), queue.size, queue.first], ["", 0, undefined]);
  await round();
  assertEquals(outcomes, [
    "b",
    "d: undefined",
    "a: cancelled",
    "c: cancelled",
  ]);
});

Deno.test("a wait that is over does not get into a queue, and has one outcome", async () => {
  const { outcomes, wait, round } = make();
  const queue = new WaitQueue();
  const a = wait("a");
  a.resolveLater("first");
  queue.push(a);
  assertEquals(queue.size, 0);
  a.resolve("second");
  a.reject(new Error("third"));
  a.expire(1);
  await round();
  assertEquals(outcomes, ["first"]);
});

Deno.test("a queue does what an array does", () =>
  randomly((random) => {
    const { wait } = make();
    const queue = new WaitQueue();
    let model: TestWait[] = [];
    for (let i = 0; i < 500; i++) {
      if (random.below(2) === 0) {
        const one = wait(`${i} `);
        queue.push(one);
        model.push(one);
      } else if (model.length > 0) {
        const one = random.pick(model);
        one.resolveLater("");
        model = model.filter((other) => other !== one);
      }
      assertEquals(names(queue), model.map(({ name }) => name).join(""));
      assertEquals(queue.size, model.length);
      assertEquals([queue.first, queue.last], [model[0], model.at(-1)]);
    }
  }));

Deno.test("each wait has its own deadline, and the queue one entry for all", async () => {
  const { clock, scheduler, outcomes, wait, round } = make();
  const queue = new TimedWaitQueue(scheduler);
  for (const [name, seconds] of Object.entries({ a: 30, b: 10, c: 20 })) {
    queue.pushFor(wait(name), seconds);
  }
  queue.pushFor(wait("d"), Infinity);
  await turn();
  assertEquals([scheduler.deadlines.size, scheduler.deadlines.next], [1, 10]);
  for (const expected of [["b"], ["b", "c"], ["b", "c", "a"]]) {
    clock.advance(10);
    await round();
    assertEquals(outcomes, expected.map((name) => `${name}: timeout`));
  }
  assertEquals([names(queue), scheduler.deadlines.size], ["d", 0]);
});

Deno.test("a deadline counts from the end of the turn in which the wait began", async () => {
  const { clock, scheduler, wait } = make();
  const queue = new TimedWaitQueue(scheduler);
  queue.pushFor(wait("a"), 10);
  clock.advance(5);
  await turn();
  queue.pushFor(wait("b"), 10);
  clock.advance(2);
  await turn();
  assertEquals([...queue].map(({ deadline }) => deadline), [15, 17]);
});

Deno.test("a deadline that was met costs nothing until it comes up, and ends no wait", async () => {
  const { clock, scheduler, outcomes, wait, round } = make();
  const queue = new TimedWaitQueue(scheduler);
  const a = wait("a");
  queue.pushFor(a, 10);
  await turn();
  clock.advance(4);
  a.resolveLater("a");
  queue.pushFor(wait("b"), 10);
  await round();
  assertEquals(scheduler.deadlines.next, 10);
  clock.advance(6);
  await round();
  assertEquals([outcomes, scheduler.deadlines.next], [["a"], 14]);
  clock.advance(4);
  await round();
  assertEquals(outcomes, ["a", "b: timeout"]);
});

Deno.test("an earlier deadline brings the entry forward", async () => {
  const { clock, scheduler, outcomes, wait, round } = make();
  const queue = new TimedWaitQueue(scheduler);
  queue.pushFor(wait("a"), 100);
  await turn();
  queue.pushFor(wait("b"), 1);
  await turn();
  clock.advance(1);
  await round();
  assertEquals(outcomes, ["b: timeout"]);
  assertEquals(scheduler.deadlines.next, 100);
});

Deno.test("a wait that gives up may let others go on: none of those behind is forgotten", async () => {
  const { clock, scheduler, outcomes, wait, round } = make();
  const queue = new TimedWaitQueue(scheduler);
  const [a, b, c, d] = [..."abcd"].map((name) => wait(name));
  queue.pushFor(a, 10);
  queue.pushFor(b, 20);
  queue.pushFor(c, 10);
  queue.pushFor(d, 30);
  a.onabandon = () => b.resolveLater("b");
  await turn();
  clock.advance(10);
  await round();
  assertEquals(outcomes, ["a: timeout", "c: timeout"]);
  await round();
  assertEquals(outcomes, ["a: timeout", "c: timeout", "b"]);
  assertEquals([names(queue), scheduler.deadlines.next], ["d", 30]);
});

Deno.test("a wait without time gives up in the next round that asks for the time", async () => {
  const { scheduler, outcomes, wait, round } = make();
  const queue = new TimedWaitQueue(scheduler);
  queue.pushFor(wait("a"), 0);
  await turn();
  assertEquals(outcomes, []);
  await round();
  assertEquals(outcomes, ["a: timeout"]);
});

Deno.test("a queue that is disposed of leaves nothing in the sleep queue", async () => {
  const { scheduler, wait } = make();
  const queue = new TimedWaitQueue(scheduler);
  const a = wait("a");
  queue.pushFor(a, 10);
  await turn();
  a.resolveLater("a");
  queue.dispose();
  assertEquals(scheduler.deadlines.size, 0);
});

Deno.test("what settles is forgotten, what does not is brought up to date", async () => {
  const { clock, scheduler, wait } = make();
  const [one, other] = [0, 0].map(() => new TimedWaitQueue(scheduler));
  const [a, b, c] = [..."abc"].map((name) => wait(name));
  one.pushFor(a, 10);
  one.pushFor(b, 20);
  other.pushFor(c, 15);
  await turn();
  assertEquals(scheduler.deadlines.update(), false);
  a.resolveLater("a");
  c.resolveLater("c");
  assertEquals(scheduler.deadlines.next, 10);
  assertEquals(scheduler.deadlines.update(), true);
  assertEquals([scheduler.deadlines.next, scheduler.deadlines.size], [20, 1]);
  assertEquals(clock.now(), 0);
});

Deno.test("where many wait, each has a deadline of its own, and each ends at its time", async () => {
  const { clock, scheduler, outcomes, wait, round } = make();
  const queue = new TimedWaitQueue(scheduler);
  const expected: string[] = [];
  for (let i = 1; i <= 100; i++) {
    queue.pushFor(wait(`${i}`), i);
    await turn();
    expected.push(`${i}: timeout`);
  }
  // Finding out the next deadline of all of them each time would take the square of their number.
  assertEquals(scheduler.deadlines.size, 93);
  for (let i = 1; i <= 100; i++) {
    clock.advance(1);
    await round();
    assertEquals(outcomes, expected.slice(0, i));
  }
  assertEquals([queue.size, scheduler.deadlines.size], [0, 0]);
});

Deno.test("of many that wait, those that leave early leave no deadline behind", async () => {
  const { scheduler, wait, round } = make();
  const queue = new TimedWaitQueue(scheduler);
  for (let i = 1; i <= 100; i++) queue.pushFor(wait(`${i}`), i);
  await turn();
  for (const one of queue) one.resolveLater("");
  await round();
  queue.dispose();
  assertEquals(scheduler.deadlines.size, 0);
});
