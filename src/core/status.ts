/**
 * What the dispatcher is doing, in numbers.
 *
 * @module
 */

import type { Scheduler } from "./scheduler.ts";

/** How many threads there are, and what they wait for. */
export interface Counts {
  /** Waits to receive, and servers. */
  read: number;
  /** Waits to send. */
  write: number;
  /** Waits that go on in the next step. */
  active: number;
  /** Sleeps for a time. */
  timer: number;
  /** Sleeps until the thread is woken. */
  inactive: number;
  /** Timeouts set with `copas.timeout` that run. */
  timeout: number;
  /** Waits for something that is not Copas's: a promise, a connection to be made. */
  outside: number;
  /** The locks, semaphores, queues and futures for which threads wait, as text. */
  tools: string[];
  /** All threads. */
  threads: number;
  /** Servers. */
  servers: number;
}

/** Counts the threads of `scheduler` and their waits. */
export function statusOf(scheduler: Scheduler): Counts {
  const counts = { read: 0, write: 0, timer: 0, inactive: 0, outside: 0 };
  const tools = new Set<object>();
  for (const task of [scheduler.main, ...scheduler.tasks]) {
    for (const wait of task.waits) {
      if (!wait.pending) continue;
      if (wait.tool !== undefined) tools.add(wait.tool);
      if (wait.kind === "sleep") counts[wait.idle ? "inactive" : "timer"]++;
      else counts[wait.kind]++;
    }
  }
  return {
    ...counts,
    read: counts.read + scheduler.services.size,
    active: scheduler.runnable,
    timeout: scheduler.timeouts,
    tools: [...tools].map(String),
    threads: scheduler.tasks.size,
    servers: scheduler.services.size,
  };
}
