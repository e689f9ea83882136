/**
 * What a dispatcher is doing, counted; and the end of all that it is doing.
 * Both look at every wait of every thread.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { type StepStatistics, StepTimings } from "../core/step_timings.ts";
import type { AnyWait } from "../core/wait.ts";
import { wrongType } from "../errors/arguments.ts";
import { abandonSocket } from "./socket_internals.ts";

/** What `copas.status()` tells. */
export interface Status extends Partial<StepStatistics> {
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
  /** Servers. */
  servers: number;
}

/** Counts threads, waits and servers; `stats` begins or ends the measuring of steps. */
export function statusOf(scheduler: Scheduler, stats?: boolean): Status {
  if (stats !== undefined && typeof stats !== "boolean") {
    throw wrongType("status()", "stats", "a boolean", stats);
  }
  const counts = {
    read: scheduler.services.size,
    write: 0,
    timer: 0,
    inactive: 0,
    timeout: scheduler.timeouts,
    outside: 0,
  };
  const tools = new Set<object>();
  for (const task of [scheduler.main, ...scheduler.tasks]) {
    for (
      let wait: AnyWait | undefined = task.wait;
      wait !== undefined;
      wait = wait.older
    ) {
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
    active: scheduler.runnable,
    tools: [...tools].map(String),
    threads: scheduler.tasks.size,
    servers: scheduler.services.size,
    ...(stats === false ? undefined : measured),
  };
}

/** Ends the servers, closes the sockets that threads wait on, and removes all threads but the current one. */
export function cancelAll(scheduler: Scheduler): void {
  const { current, main } = scheduler;
  for (const server of [...scheduler.services]) server.remove();
  for (const task of [...scheduler.tasks, main]) {
    for (let wait = task.wait; wait !== undefined;) {
      const { older, socket } = wait;
      abandonSocket(socket);
      wait = older;
    }
    if (task !== current && task !== main) task.cancel();
  }
  scheduler.driver.hurried = true;
  scheduler.driver.exit();
}
