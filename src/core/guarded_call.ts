/**
 * Callbacks of the user's that belong to no thread.
 *
 * @module
 */

import { outsideThreads } from "./current_thread.ts";

/**
 * Calls `callback` outside every thread; its error goes to `onerror`, now or
 * when its promise is rejected.
 *
 * @returns the end of an async callback; it is never rejected
 */
export function callGuarded(
  callback: () => unknown,
  onerror: (error: unknown) => void,
): Promise<void> | undefined {
  try {
    const result = outsideThreads(callback);
    if (result instanceof Promise) return result.then(nothing, onerror);
  } catch (error) {
    onerror(error);
  }
  return undefined;
}

function nothing(): void {}
