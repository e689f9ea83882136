/**
 * What is told of a worker.
 *
 * @module
 */

import type { WorkerReport } from "./handle.ts";

/** What `workers.status()` tells of one worker. */
export interface WorkerStatus extends Partial<WorkerReport> {
  /** Its place, from 1 on. A worker that replaces another one has its place. */
  worker: number;
  /** `"starting"` until it listens; `"silent"`: it listens, but did not answer within a second; `"waiting"`: it crashed, and will be replaced. */
  state: "starting" | "listening" | "silent" | "waiting" | "stopped";
  /** How often the worker in this place has crashed. */
  crashes: number;
  /**
   * How many workers of this place were replaced because they did not answer.
   * Deno can't end a busy thread: each may still hold a processor, and take its
   * share of the connections, until this process ends.
   */
  abandoned: number;
}
