/**
 * `copas.race`: waits for the first of several calls, and takes nothing by the
 * others.
 *
 * @module
 */

import { createRace, LostRace, settleRace } from "../core/race_signal.ts";
import { checkFunction, wrongType } from "../errors/arguments.ts";

/** Resolves to the first outcome of the calls that `start` makes. */
export async function race<T>(
  start: (signal: AbortSignal) => Iterable<T>,
): Promise<Awaited<T>> {
  checkFunction("race()", "start", start);
  const { signal } = createRace();
  try {
    return await first(checkCalls(start(signal)), signal);
  } catch (error) {
    // When `start` itself fails, the calls that it has made take nothing.
    settleRace(signal);
    throw error;
  }
}

function checkCalls<T>(calls: Iterable<T>): T[] {
  const isIterable = typeof calls === "object" && calls !== null &&
    Symbol.iterator in calls;
  if (!isIterable) {
    throw wrongType("race()", "what start returns", "an array", calls);
  }
  const list = [...calls];
  if (list.length > 0) return list;
  throw new RangeError("race(): start must return at least one call, got none");
}

function first<T>(
  calls: T[],
  signal: AbortSignal,
): Promise<Awaited<T>> {
  let left = calls.length;
  let failure: unknown;
  return new Promise((resolve, reject) => {
    const failed = (error: unknown) => {
      if (!isLoser(error)) failure = error;
      // Once the race is settled, a call has its result, though it may still be on its way.
      if (--left > 0 && signal.aborted) return;
      settleRace(signal);
      reject(failure ?? error);
    };
    const succeeded = (value: Awaited<T>) => {
      settleRace(signal);
      resolve(value);
    };
    for (const call of calls) {
      Promise.resolve(call).then(succeeded, failed);
    }
  });
}

/** Whether a call failed because another one was first. */
function isLoser(error: unknown): boolean {
  return error instanceof LostRace ||
    (error instanceof Error && error.cause instanceof LostRace);
}
