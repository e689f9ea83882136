// The threads' tools, each beside the plain way with promises, in the same run.
//
// Run:  deno run bench/sync.ts
//
// Both ways take turns, several rounds; the medians count. Time is the
// processor time of the process. A ratio of 2 means that ours does twice as
// many operations in that time; the bracket is the ratio in the worst and in
// the best round.

import process from "node:process";
import { Copas } from "../mod.ts";
import { PlainLock, PlainQueue, PlainSemaphore } from "./plain_tools.ts";

/** The same work in two ways. */
interface Case {
  name: string;
  /** How many operations one measurement takes. */
  size: number;
  /** Does them with threads of a dispatcher. */
  ours(copas: Copas, size: number): void | Promise<void>;
  /** Does them with functions and promises. */
  plain(size: number): Promise<unknown>;
}

const ROUNDS = 7;

/** Starts `count` threads, or functions, that share the work. */
async function share(
  count: number,
  size: number,
  start: (fn: () => Promise<void>) => unknown,
  operation: () => unknown,
): Promise<void> {
  const each = size / count;
  const work = async () => {
    for (let i = 0; i < each; i++) await operation();
  };
  await Promise.all(Array.from({ length: count }, () => start(work)));
}

const call = (fn: () => Promise<void>) => fn();

const cases: Case[] = [
  {
    name: "lock, free: get and release",
    size: 500_000,
    async ours(copas, size) {
      const lock = copas.lock.new();
      await share(1, size, (fn) => copas.addthread(fn), async () => {
        await lock.get();
        lock.release();
      });
    },
    async plain(size) {
      const lock = new PlainLock();
      await share(1, size, call, async () => {
        await lock.get();
        lock.release();
      });
    },
  },
  {
    name: "lock, 100 threads: get and release",
    size: 100_000,
    async ours(copas, size) {
      const lock = copas.lock.new();
      await share(100, size, (fn) => copas.addthread(fn), async () => {
        await lock.get();
        await null;
        lock.release();
      });
    },
    async plain(size) {
      const lock = new PlainLock();
      await share(100, size, call, async () => {
        await lock.get();
        await null;
        lock.release();
      });
    },
  },
  {
    name: "semaphore, free: take and give",
    size: 500_000,
    async ours(copas, size) {
      const semaphore = copas.semaphore.new(1, 1);
      await share(1, size, (fn) => copas.addthread(fn), async () => {
        await semaphore.take();
        semaphore.give();
      });
    },
    async plain(size) {
      const semaphore = new PlainSemaphore(1);
      await share(1, size, call, async () => {
        await semaphore.take();
        semaphore.give();
      });
    },
  },
  {
    name: "semaphore of 10, 100 threads: take and give",
    size: 100_000,
    async ours(copas, size) {
      const semaphore = copas.semaphore.new(10, 10);
      await share(100, size, (fn) => copas.addthread(fn), async () => {
        await semaphore.take();
        await null;
        semaphore.give();
      });
    },
    async plain(size) {
      const semaphore = new PlainSemaphore(10);
      await share(100, size, call, async () => {
        await semaphore.take();
        await null;
        semaphore.give();
      });
    },
  },
  {
    name: "queue: push in one thread, pop in another",
    size: 200_000,
    ours(copas, size) {
      const queue = copas.queue.new<number>();
      copas.addthread(async () => {
        for (let i = 0; i < size; i++) await queue.pop();
      });
      copas.addthread(async () => {
        for (let i = 0; i < size; i++) await queue.push(i);
      });
    },
    async plain(size) {
      const queue = new PlainQueue<number>();
      const pop = async () => {
        for (let i = 0; i < size; i++) await queue.pop();
      };
      const push = async () => {
        for (let i = 0; i < size; i++) await queue.push(i);
      };
      await Promise.all([pop(), push()]);
    },
  },
  {
    name: "10,000 sleepers that wake within 50 ms",
    size: 10_000,
    ours(copas, size) {
      for (let i = 0; i < size; i++) {
        copas.addthread(() => copas.pause((i * 7919 % 1000) / 20_000));
      }
    },
    plain(size) {
      return Promise.all(
        Array.from(
          { length: size },
          (_, i) =>
            new Promise((resolve) =>
              setTimeout(resolve, (i * 7919 % 1000) / 20)
            ),
        ),
      );
    },
  },
  {
    name: "switch between two threads: pause(0), await",
    size: 400_000,
    async ours(copas, size) {
      await share(2, size, (fn) => copas.addthread(fn), () => copas.pause(0));
    },
    plain: (size) => share(2, size, call, () => Promise.resolve()),
  },
];

/** Operations for a second of processor time. */
async function rate(work: () => Promise<unknown>, size: number) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return size / ((user + system) / 1e6);
}

async function measureOurs({ ours, size }: Case): Promise<number> {
  const copas = new Copas();
  return await rate(async () => {
    await ours(copas, size);
    await copas.loop();
  }, size);
}

async function measurePlain({ plain, size }: Case): Promise<number> {
  return await rate(() => plain(size), size);
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

function thousands(rate: number): string {
  return Math.round(rate / 1000).toLocaleString("en").padStart(10);
}

async function compare(one: Case): Promise<string> {
  const ours: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const rates = [await measureOurs(one), await measurePlain(one)];
    if (round === 0) continue; // the compiler's round
    ours.push(rates[0]);
    plain.push(rates[1]);
  }
  const ratios = ours.map((rate, i) => rate / plain[i]);
  const ratio = median(ratios).toFixed(2);
  const spread = [Math.min(...ratios), Math.max(...ratios)]
    .map((ratio) => ratio.toFixed(2)).join("–");
  return `${one.name.padEnd(46)}${thousands(median(ours))}${
    thousands(median(plain))
  }${ratio.padStart(8)}  (${spread})`;
}

if (import.meta.main) {
  console.log("Thousands of operations for a second of processor time");
  console.log(
    `${"".padEnd(46)}${"ours".padStart(10)}${"plain".padStart(10)}${
      "ratio".padStart(8)
    }`,
  );
  for (const one of cases) console.log(await compare(one));
}
