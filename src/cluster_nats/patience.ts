/**
 * How the engine waits within: plain timers, which let the process end. The
 * program's own waits are those of the dispatcher, and abort these by a signal.
 *
 * @module
 */

/** Seconds to wait before the next try: `least`, and twice as long each time up to `most`, a random part taken off. */
export function backOff(attempt: number, least: number, most: number): number {
  const seconds = Math.min(most, least * 2 ** Math.min(attempt, 30));
  return seconds * (0.5 + Math.random() / 2);
}

/** Waits for some seconds. */
export function delay(seconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, seconds * 1000);
    Deno.unrefTimer(timer);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** Waits for a promise, or for the signal. */
export function onAbort<T>(
  promise: Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    // An event that is over calls no listener.
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() =>
      signal.removeEventListener("abort", abort)
    );
  });
}

/** Does something that is given up after some seconds, or by a signal. */
export async function within<T>(
  seconds: number,
  given: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const leave = () => controller.abort(given.reason);
  given.addEventListener("abort", leave);
  if (given.aborted) leave();
  const timer = setTimeout(
    () => controller.abort(new Error(`no answer within ${seconds} s`)),
    seconds * 1000,
  );
  Deno.unrefTimer(timer);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    given.removeEventListener("abort", leave);
  }
}
