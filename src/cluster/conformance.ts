/**
 * The kit of tests for engines: what a cluster promises while nothing fails. An
 * engine's own tests add the failures of its servers.
 *
 * @module
 */

import type { Cluster } from "./cluster.ts";

/** One test of the kit. */
export interface ConformanceCase {
  /** What it shows, as a sentence. */
  readonly name: string;
  /**
   * Runs it.
   *
   * @returns resolves when the promise is kept
   * @throws {Error} when it is not, and the message says what came instead
   */
  run(): Promise<void>;
}

/** What the kit needs. */
export interface ConformanceSetup {
  /**
   * Connects a program of its own to the engine.
   *
   * @returns the cluster, which the test closes
   * @throws {Error} when the engine can't be reached: the test fails with it
   */
  connect(): Promise<Cluster>;
  /**
   * Sleeps in a thread of the dispatcher, as `copas.pause` does.
   *
   * @param seconds how long
   * @returns resolves afterwards
   * @throws {CancelledError} when the thread was removed
   */
  pause(seconds: number): Promise<unknown>;
}

/** A name that no other test uses. */
const unique = () => `t${crypto.randomUUID().slice(0, 8)}`;

function equal(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [actual, expected].map((value) =>
    JSON.stringify(value)
  );
  if (got !== wanted) throw new Error(`${what}: got ${got}, not ${wanted}`);
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return "none";
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

type Test = (
  clusters: [Cluster, Cluster],
  pause: ConformanceSetup["pause"],
) => Promise<void>;

/** The tests, each with two programs that share the engine. */
const tests: Record<string, Test> = {
  "a job pushed by one program is done by another, with its id, once": async (
    [a, b],
  ) => {
    const name = unique();
    const seen: unknown[] = [];
    const jobs = b.queue<string>({ name });
    await a.queue<string>({ name }).push("first", { id: "1" });
    jobs.addworker((job, { id, attempt }) => seen.push([job, id, attempt]));
    await jobs.finish(10);
    equal(seen, [["first", "1", 1]], "jobs");
  },

  "of two pushes with one id, one is stored, also when it is done": async (
    [a, b],
  ) => {
    const name = unique();
    const seen: unknown[] = [];
    const jobs = b.queue<number>({ name });
    await a.queue<number>({ name }).push(1, { id: "x" });
    await jobs.push(2, { id: "x" });
    jobs.addworker((job) => seen.push(job));
    while (await jobs.getsize() > 0);
    await jobs.push(3, { id: "x" });
    equal(await jobs.getsize(), 0, "size");
    await jobs.finish(10);
    equal(seen, [1], "jobs");
  },

  "one worker gets the jobs in the order of their pushes": async ([a]) => {
    const jobs = a.queue<number>({ name: unique() });
    const seen: number[] = [];
    for (let i = 0; i < 20; i++) await jobs.push(i);
    jobs.addworker((job) => seen.push(job));
    await jobs.finish(10);
    equal(seen, Array.from({ length: 20 }, (_, i) => i), "order");
  },

  "a job that fails is tried again, and goes to the dead queue in the end":
    async ([a, b], pause) => {
      const [name, dead] = [unique(), unique()];
      const jobs = a.queue<string>({
        name,
        dead,
        attempts: 3,
        backoff: () => 0.05,
      });
      const attempts: number[] = [];
      await jobs.push("bad");
      jobs.addworker((_job, { attempt }) => {
        attempts.push(attempt);
        return Promise.reject(new ConformanceFailure("bad job"));
      });
      equal(await b.queue<string>({ name: dead }).pop(10), "bad", "dead");
      while (await jobs.getsize() > 0) await pause(0.02);
      equal(attempts, [1, 2, 3], "attempts");
      jobs.stop();
    },

  "the lease is renewed while a worker works": async ([a, b], pause) => {
    const name = unique();
    let count = 0;
    const work = async () => {
      count++;
      await pause(1.5);
    };
    const jobs = a.queue<string>({ name, lease: 0.5 });
    const others = b.queue<string>({ name, lease: 0.5 });
    await jobs.push("long");
    jobs.addworker(work);
    others.addworker(work);
    await jobs.finish(10);
    others.stop();
    equal(count, 1, "times");
  },

  "a push waits while the queue is full, and pop takes a job off": async (
    [a, b],
  ) => {
    const name = unique();
    const jobs = a.queue<number>({ name, maxsize: 1 });
    await jobs.push(1);
    equal(await codeOf(jobs.push(2, 0.2)), "timeout", "full");
    equal(await b.queue<number>({ name, maxsize: 1 }).pop(5), 1, "first");
    await jobs.push(3, 5);
    equal(await jobs.pop(5), 3, "third");
    equal(await codeOf(jobs.pop(0.1)), "timeout", "empty");
  },

  "a pop that is given up takes nothing": async ([a, b]) => {
    const jobs = a.queue<number>({ name: unique() });
    const controller = new AbortController();
    const popped = codeOf(jobs.pop({ signal: controller.signal }));
    await b.status();
    controller.abort();
    equal(await popped, "cancelled", "pop");
    await jobs.push(1);
    equal(await jobs.pop(2), 1, "item");
  },

  "one program at a time has the lock, and tokens grow": async (
    [a, b],
  ) => {
    const name = unique();
    const [one, two] = [a.lock({ name, lease: 2 }), b.lock({ name, lease: 2 })];
    const first = await one.hold(5);
    equal(await codeOf(two.hold(0.2)), "timeout", "held");
    const waiting = two.hold(5);
    await first.release();
    equal(first.signal.aborted, true, "signal");
    const second = await waiting;
    equal(second.token > first.token, true, "tokens grow");
    await second.release();
    equal(await one.with(({ token }) => token > second.token), true, "third");
  },

  "a lock is held for longer than its lease while it is renewed": async (
    [a, b],
    pause,
  ) => {
    const name = unique();
    await using held = await a.lock({ name, lease: 0.5 }).hold(5);
    const waiting = codeOf(b.lock({ name, lease: 0.5 }).hold(1.5));
    await pause(0);
    equal(await waiting, "timeout", "other");
    equal(held.signal.aborted, false, "lost");
  },

  "a message reaches all that have subscribed, and only to what they have":
    async ([a, b]) => {
      const prefix = unique();
      const one = a.subscribe(`${prefix}.*`);
      const two = b.subscribe(`${prefix}.b.>`);
      // A message of its own comes back when the subscription is in force.
      const ready = b.subscribe(`${prefix}.ready.b`);
      await b.publish(`${prefix}.ready.b`, "");
      await ready.next(5);
      await a.publish(`${prefix}.ready`, "");
      await one.next(5);
      await a.publish(`${prefix}.a`, "grüße");
      await a.publish(`${prefix}.b.c`, new Uint8Array([255]));
      const { value } = await one.next(5);
      equal([value?.subject, value?.text], [`${prefix}.a`, "grüße"], "one");
      equal((await two.next(5)).value?.data[0], 255, "two");
      equal(await codeOf(one.next(0.05)), "timeout", "no more");
      for (const subscription of [one, two, ready]) subscription.close();
      equal((await one.next(5)).done, true, "closed");
    },

  "a subscriber that takes nothing loses the newest, and they are counted":
    async ([a]) => {
      const subject = unique();
      const slow = a.subscribe(subject, { maxpending: 2 });
      const ready = a.subscribe(`${subject}.ready`);
      for (let i = 0; i < 5; i++) await a.publish(subject, `${i}`);
      await a.publish(`${subject}.ready`, "");
      await ready.next(5);
      equal(slow.dropped, 3, "dropped");
      equal((await slow.next(5)).value?.text, "0", "oldest");
      slow.close();
      ready.close();
    },

  "a key belongs to the program that took it, until that gives it back": async (
    [a, b],
  ) => {
    const name = unique();
    const [one, two] = [a.keys<string>({ name }), b.keys<string>({ name })];
    const held = await one.take("änn", "room1");
    equal(await two.take("änn", "room2"), undefined, "taken");
    equal(await two.get("änn"), "room1", "value");
    await held!.update("room3");
    equal([...await two.list()], [["änn", "room3"]], "list");
    await held!.release();
    equal(await two.get("änn"), undefined, "gone");
    equal((await two.take("änn", "x"))?.value, "x", "again");
  },

  "a closed cluster gives back what it had, and refuses calls": async (
    [a, b],
  ) => {
    const name = unique();
    await a.lock({ name, lease: 30 }).hold(5);
    await a.keys<number>({ name }).take("k", 1);
    await a.close();
    equal(await codeOf(a.queue({ name }).push(1)), "closed", "push");
    await (await b.lock({ name, lease: 30 }).hold(2)).release();
    equal(await b.keys<number>({ name }).get("k"), undefined, "key");
  },
};

/** The error of the kit's own workers: an error handler may leave it out. */
export class ConformanceFailure extends Error {
  /** The name of the class. */
  override readonly name = "ConformanceFailure";
}

/**
 * Makes the tests for an engine.
 *
 * @param setup how a test connects and sleeps
 * @returns the tests; each connects twice and closes what it has opened
 *
 * @example
 * ```ts ignore
 * for (const { name, run } of conformance({ connect, pause: copas.pause })) {
 *   Deno.test(name, run);
 * }
 * ```
 */
export function conformance(setup: ConformanceSetup): ConformanceCase[] {
  return Object.entries(tests).map(([name, test]) => ({
    name,
    run: async () => {
      await using one = await setup.connect();
      await using two = await setup.connect();
      await test([one, two], setup.pause);
    },
  }));
}
