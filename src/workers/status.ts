/**
 * What is known of a worker in its place.
 *
 * @module
 */

import type { WorkerHandle, WorkerReport } from "./handle.ts";

/** The first pause before a crashed worker is replaced, in seconds. */
const FIRST_PAUSE = 0.1;

/** The longest pause before a crashed worker is replaced, in seconds. */
const LONGEST_PAUSE = 10;

/** What is left of a worker that did not answer. */
export const REMAINS =
  "; it is replaced, but Deno can't end a busy thread: that " +
  "holds a processor, and takes its share of the new connections, which get " +
  "no answer, until this process ends";

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

/** One of the workers, and those that had its place before. */
export interface Place {
  number: number;
  state: WorkerStatus["state"];
  crashes: number;
  abandoned: number;
  pause: number;
  worker?: WorkerHandle;
  timer?: ReturnType<typeof setTimeout>;
}

/** So many places, in which workers are about to start. */
export function newPlaces(count: number): Place[] {
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    state: "starting",
    crashes: 0,
    abandoned: 0,
    pause: FIRST_PAUSE,
  }));
}

/** For how many seconds the place of a worker that has crashed after `lived` seconds stays empty. */
export function nextPause(place: Place, lived: number): number {
  const pause = lived > LONGEST_PAUSE ? FIRST_PAUSE : place.pause;
  place.pause = Math.min(pause * 2, LONGEST_PAUSE);
  return pause;
}
