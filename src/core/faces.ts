/**
 * Which dispatcher stands behind an object of the program.
 *
 * @module
 */

import type { Scheduler } from "./scheduler.ts";

const schedulers = new WeakMap<object, Scheduler>();

/** Says that `scheduler` stands behind `face`: a `Copas`, or a narrower view of one. */
export function linkScheduler(face: object, scheduler: Scheduler): void {
  schedulers.set(face, scheduler);
}

/** The scheduler behind `face`, if it is a dispatcher of this library's. */
export function schedulerOf(face: object): Scheduler | undefined {
  return schedulers.get(face);
}
