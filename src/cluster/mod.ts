/**
 * Queue, lock, publish-subscribe and keys over processes and machines: the
 * interface, which engines implement, and a kit of tests for engines.
 *
 * The engine that there is: `jsr:@copas/copas/cluster/nats`.
 *
 * @example A queue that several machines work on
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import type { Cluster } from "jsr:@copas/copas/cluster";
 * import { connect } from "jsr:@copas/copas/cluster/nats";
 *
 * function serve(cluster: Cluster): void {
 *   const jobs = cluster.queue<string>({ name: "jobs", lease: 30 });
 *   jobs.addworker((job, { attempt }) => console.log(job, attempt));
 * }
 *
 * await using cluster = await connect("nats://10.0.0.5:4222", { copas });
 * serve(cluster);
 * await copas.loop();
 * ```
 *
 * @module
 */

export type { Task } from "../core/task.ts";
export type { WaitOptions } from "../errors/wait_options.ts";
export type {
  Cluster,
  ClusterStatus,
  Message,
  SubscribeOptions,
  Subscription,
} from "./cluster.ts";
export {
  conformance,
  type ConformanceCase,
  ConformanceFailure,
  type ConformanceSetup,
} from "./conformance.ts";
export { EngineError, type EngineErrorOptions } from "./engine_error.ts";
export type { ClusterKeys, ClusterKeysOptions, HeldKey } from "./keys.ts";
export type {
  ClusterLock,
  ClusterLockOptions,
  HeldLock,
  Lease,
  SharedLock,
} from "./lock.ts";
export type {
  ClusterQueue,
  ClusterQueueOptions,
  Codec,
  Job,
  JobQueue,
  PushOptions,
} from "./queue.ts";
