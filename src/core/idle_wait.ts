/**
 * Waits that do not keep the loop going, though their threads have not ended.
 *
 * @module
 */

import type { AnyWait } from "./wait.ts";

/** Says whether a wait, while nothing has ended it, keeps `loop()` going. */
export function setIdle(wait: AnyWait, idle: boolean): void {
  if (wait.pending && wait.idle !== idle) wait.task.setIdle(wait, idle);
}
