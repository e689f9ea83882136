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

/** Whether `value` is a promise, or behaves like one. */
export function isThenable(value: unknown): boolean {
  try {
    return typeof value === "object" && value !== null && "then" in value &&
      typeof value.then === "function";
  } catch {
    // A `then` that can't be read rejects the promise that is made of it.
    return true;
  }
}
