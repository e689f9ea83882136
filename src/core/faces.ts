/**
 * What stands behind a dispatcher that the program holds, for the parts that
 * observe or extend it. `mod.ts` does not export it.
 *
 * @module
 */

import type { Scheduler } from "./scheduler.ts";

/** What stands behind a `Copas`, or a narrower view of one. */
export interface Behind {
  /** Its scheduler. */
  readonly scheduler: Scheduler;
}

const behinds = new WeakMap<object, Behind>();

/** Says what stands behind `face`. Only its constructor does. */
export function setBehind(face: object, behind: Behind): void {
  behinds.set(face, behind);
}

/** What stands behind `face`, if it is a dispatcher of this version of the module. */
export function behindOf(face: object): Behind | undefined {
  return behinds.get(face);
}

/** The scheduler behind `face`, if it is a dispatcher of this version of the module. */
export function schedulerOf(face: object): Scheduler | undefined {
  return behinds.get(face)?.scheduler;
}
