/**
 * The promises of calls that need not wait: what they give is there already,
 * or they fail at once.
 *
 * Every call is a checkpoint. Promises that are settled already would let a
 * thread run for ever, whatever errors it catches: so such a call, too, becomes
 * a wait when the slice of time is over.
 *
 * @module
 */

import { CopasError } from "../errors/errors.ts";
import { reportUnawaited } from "./unawaited.ts";
import { Wait, type WaitHost } from "./wait.ts";

/** What such a call needs of the dispatcher. */
export interface CallHost extends WaitHost {
  /** Asks whether a call may have its outcome without waiting. */
  mayProceed(): boolean;
}

/** A wait whose outcome is known as it begins. */
class ImmediateWait<T> extends Wait<T> {
  constructor(scheduler: WaitHost) {
    super(scheduler.current, "sleep");
  }

  protected failure(): string {
    return "Cannot go on";
  }
}

/**
 * The promise of a call that fails at once.
 *
 * An error of Copas's that the caller does not await goes to the error handler
 * of the thread, as that of a wait does. Any other error is a mistake of the
 * caller, such as a wrong argument: when it is not awaited, it ends the process.
 */
export function rejectedCall(
  scheduler: CallHost,
  error: unknown,
): Promise<never> {
  if (scheduler.mayProceed()) {
    const promise = Promise.reject(error);
    return error instanceof CopasError
      ? reportUnawaited(scheduler, promise)
      : promise;
  }
  const wait = new ImmediateWait<never>(scheduler);
  wait.rejectLater(error);
  return wait.promise;
}

/** The promise of a call that gives `value` at once. */
export function resolvedCall<T>(scheduler: CallHost, value: T): Promise<T> {
  return scheduler.mayProceed()
    ? Promise.resolve(value)
    : resolvedNextRound(scheduler, value);
}

/** The promise of a call that gives `value`, and has asked already whether it may do so without waiting: it may not. */
export function resolvedNextRound<T>(
  scheduler: CallHost,
  value: T,
): Promise<T> {
  const wait = new ImmediateWait<T>(scheduler);
  wait.resolveLater(value);
  return wait.promise;
}

/** The promise of an async function that may come to its end without a wait. */
export async function checkedCall<T>(
  scheduler: CallHost,
  call: Promise<T>,
): Promise<T> {
  let value: T;
  try {
    value = await call;
  } catch (error) {
    return await rejectedCall(scheduler, error);
  }
  return scheduler.mayProceed()
    ? value
    : await resolvedNextRound(scheduler, value);
}

/**
 * The promise of a call whose outcome stands, though its thread was removed: it
 * comes a round later when the slice of time is over.
 */
export async function pacedCall<T>(
  scheduler: CallHost,
  call: Promise<T>,
): Promise<T> {
  try {
    return await call;
  } finally {
    if (!scheduler.mayProceed()) {
      // In a removed thread it fails, which counts: such a loop is given up.
      await resolvedNextRound(scheduler, undefined).catch(() => {});
    }
  }
}

/** What a call returns that gives `true` without a wait. One for all calls: the common case makes no promise. */
export const resolvedTrue: Promise<true> = Promise.resolve(true);

/** What a call returns that has waited for 0 seconds. One for all calls, too. */
export const resolvedZero: Promise<number> = Promise.resolve(0);
