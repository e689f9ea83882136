/**
 * What the dispatcher is doing, with its servers.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { type Counts, statusOf } from "../core/status.ts";
import type { DatagramServerHandle } from "./datagram_handle.ts";
import type { Server, ServerStatus } from "./server.ts";

/** What `copas.status()` tells. */
export interface Status extends Counts {
  /** The registered servers, in the order in which they were registered. */
  servers: (Server | DatagramServerHandle)[];
}

/** What a worker tells of its dispatcher: the servers as plain values. */
export interface WorkerCounts extends Counts {
  /** The registered servers. */
  servers: (ServerStatus | Pick<DatagramServerHandle, "name" | "addr">)[];
}

/** The registered servers, in the order in which they were registered. */
export function serversOf(
  { services }: Scheduler,
): (Server | DatagramServerHandle)[] {
  // Only servers are services, and each has the handle of its kind.
  return [...services].map(({ handle }) =>
    handle as Server | DatagramServerHandle
  );
}

/** Counts threads and waits, and lists the servers; `stats` begins or ends the measuring of steps. */
export function fullStatus(scheduler: Scheduler, stats?: boolean): Status {
  return { ...statusOf(scheduler, stats), servers: serversOf(scheduler) };
}

/** The same status as plain values, which can be posted. */
export function postable(status: Status): WorkerCounts {
  return {
    ...status,
    servers: status.servers.map((server) => server.toJSON()),
  };
}
