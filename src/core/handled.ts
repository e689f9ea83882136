/**
 * Promises that nobody has to await.
 *
 * @module
 */

/** The same promise. When it is rejected and nobody awaits it, the process does not end for it. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
