// Stand-in for `@std/async`, used where JSR can't be reached: `delay` and
// `deadline`, with the signatures of the real ones. Times are in milliseconds.

/** Options of {@linkcode delay}. */
export interface DelayOptions {
  /** Ends the delay early: it rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Options of {@linkcode deadline}. */
export interface DeadlineOptions {
  /** Ends the wait early: it rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Resolves after `ms` milliseconds. */
export function delay(ms: number, options: DelayOptions = {}): Promise<void> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => {
    clearTimeout(timer);
    reject(signal?.reason);
  };
  const timer = setTimeout(() => {
    signal?.removeEventListener("abort", abort);
    resolve();
  }, ms);
  signal?.addEventListener("abort", abort, { once: true });
  return promise;
}

/**
 * Gives the outcome of a promise, or rejects with a `TimeoutError` (a
 * `DOMException`) when it has none after `ms` milliseconds.
 */
export async function deadline<T>(
  p: Promise<T>,
  ms: number,
  options: DeadlineOptions = {},
): Promise<T> {
  const { signal } = options;
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(
    () => reject(new DOMException("Signal timed out.", "TimeoutError")),
    // A host timer fires at once when its delay is longer than this.
    Math.min(ms, 2 ** 31 - 1),
  );
  try {
    return await Promise.race([p, ended]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
