/**
 * Callbacks of the user's that belong to no thread.
 *
 * @module
 */

import { outsideThreads } from "./current_thread.ts";

/** Calls `callback` outside every thread; its error goes to `onerror`, now or when its promise is rejected. */
export function callGuarded(
  callback: () => unknown,
  onerror: (error: unknown) => void,
): void {
  try {
    const result = outsideThreads(callback);
    if (result instanceof Promise) result.catch(onerror);
  } catch (error) {
    onerror(error);
  }
}
