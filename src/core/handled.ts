/**
 * Promises that may be rejected without being awaited.
 *
 * @module
 */

/** The same promise. When it is rejected and no caller awaits it, the process does not end for it. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
