/**
 * A limit for a whole request.
 *
 * @module
 */

import type { RequestHost } from "./host.ts";

/**
 * Does `work`, which ends when the signal that it is given aborts.
 *
 * @param seconds `Infinity`: no limit
 * @throws {TimeoutError} when `seconds` passed
 */
export async function limited<T>(
  host: RequestHost,
  seconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (seconds === Infinity) return await work(signal);
  const controller = new AbortController();
  const signals = [
    controller.signal,
    ...(signal === undefined ? [] : [signal]),
  ];
  const working = work(AbortSignal.any(signals));
  try {
    return await host.wait(working, { timeout: seconds });
  } catch (error) {
    controller.abort(error);
    // Its connection is closed when the caller goes on.
    await working.catch(() => {});
    throw error;
  }
}
