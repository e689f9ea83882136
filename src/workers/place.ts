/**
 * The place of a worker, in which the next one follows it when it has crashed.
 *
 * @module
 */

import type { WorkerHandle } from "./handle.ts";
import type { WorkerStatus } from "./status.ts";

/** The first pause before a crashed worker is replaced, in seconds. */
const FIRST_PAUSE = 0.1;
/** The longest one. */
const LONGEST_PAUSE = 10;

/** What is left of a worker that did not answer. */
const REMAINS = "; it is replaced, but Deno can't end a busy thread: that " +
  "holds a processor, and takes its share of the new connections, which get " +
  "no answer, until this process ends";

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

/** What is reported of a worker that has crashed by `cause`. `name` is the server's. */
export function crashError(
  name: string,
  { number }: Place,
  { silent }: WorkerHandle,
  cause: Error,
): Error {
  const remains = silent ? REMAINS : "";
  const message = `${name}: worker ${number} crashed: ${cause.message}`;
  return new Error(message + remains, { cause });
}

/** The worker has crashed after `lived` seconds: `start` is called after a pause that grows. */
export function startLater(
  place: Place,
  lived: number,
  start: () => void,
): void {
  place.crashes++;
  place.state = "waiting";
  if (lived > LONGEST_PAUSE) place.pause = FIRST_PAUSE;
  place.timer = setTimeout(start, place.pause * 1000);
  place.pause = Math.min(place.pause * 2, LONGEST_PAUSE);
}
