/**
 * How the programs of the threads case work and tell what they measured.
 *
 * @module
 */

import { processorTime } from "../system/processor_time.ts";

/** What such a program tells: how much it did, and what that cost. */
export interface Work {
  operations: number;
  /** Seconds of processor time. */
  processor: number;
  /** In place of both: why it can't do it. */
  missing?: string;
}

/** One thing to measure. It resolves to the number of operations that were done. */
export type Task = (size: number) => Promise<number>;

/** Runs the task that the first argument names, in the size of the second, after a tenth of it to warm up. */
export async function work(tasks: Record<string, Task>): Promise<void> {
  const [name, size] = Deno.args;
  await tasks[name](Math.ceil(Number(size) / 10));
  const before = processorTime(Deno.pid);
  const operations = await tasks[name](Number(size));
  const processor = processorTime(Deno.pid) - before;
  console.log(JSON.stringify({ operations, processor } satisfies Work));
}
