/**
 * What the dispatcher is doing, in numbers.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import type { Scheduler } from "./scheduler.ts";
import { type StepStatistics, StepTimings } from "./step_timings.ts";

/** What `copas.status()` tells, but for the servers. */
export interface Counts extends Partial<StepStatistics> {
  /** Whether `loop()` runs. */
  running: boolean;
  /** Threads that wait to receive, and servers. */
  read: number;
  /** Threads that wait to send. */
  write: number;
  /** Threads that go on in the next step. */
  active: number;
  /** Threads that sleep for a time. */
  timer: number;
  /** Threads that sleep until they are woken. */
  inactive: number;
  /** Timeouts set with `copas.timeout` that run. */
  timeout: number;
  /** Threads that wait for a promise that is not Copas's, or for a connection to be made. */
  outside: number;
  /** The locks, semaphores, queues and futures for which threads wait, each with its name, its owner, and how many wait. */
  tools: string[];
  /** All threads. */
  threads: number;
}

/** Counts threads and waits; `stats` begins or ends the measuring of steps. */
export function statusOf(scheduler: Scheduler, stats?: boolean): Counts {
  if (stats !== undefined && typeof stats !== "boolean") {
    throw wrongType("status()", "stats", "a boolean", stats);
  }
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
  const measured = scheduler.stepTimings?.take();
  if (stats === true) scheduler.stepTimings ??= new StepTimings(scheduler);
  if (stats === false) scheduler.stepTimings = undefined;
  return {
    running: scheduler.driver.running,
    ...counts,
    read: counts.read + scheduler.services.size,
    active: scheduler.runnable,
    timeout: scheduler.timeouts,
    tools: [...tools].map(String),
    threads: scheduler.tasks.size,
    ...(stats === false ? undefined : measured),
  };
}
