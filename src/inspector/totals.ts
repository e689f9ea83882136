/**
 * What a dispatcher has done so far, in the numbers that the charts show.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { Server } from "../server/server.ts";
import type { Totals } from "./sampler.ts";

/** Counts. What ended servers have accepted is not among it. */
export function totalsOf(scheduler: Scheduler): Totals {
  const { tasks, services, selector } = scheduler;
  let accepted = 0;
  let connections = 0;
  for (const { handle } of services) {
    if (!(handle instanceof Server)) continue;
    accepted += handle.counters.accepted;
    connections += handle.serving;
  }
  const { bytesReceived, bytesSent } = selector;
  return {
    connections,
    threads: tasks.size,
    accepted,
    received: bytesReceived,
    sent: bytesSent,
  };
}
