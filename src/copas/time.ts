/**
 * The part of a dispatcher that is about time: the sleep of threads, their
 * timeouts, and waits for promises that are not Copas's.
 *
 * @module
 */

import { waitForCall } from "../core/call.ts";
import { listenTo } from "../core/foreign_promise.ts";
import { handled } from "../core/handled.ts";
import { rejectedCall } from "../core/immediate_call.ts";
import { sleepFor, wakeUp, yieldTurn } from "../core/sleep.ts";
import type { Task } from "../core/task.ts";
import { ThreadTimeout } from "../core/thread_timeout.ts";
import {
  checkDelay,
  checkFunction,
  checkPromise,
  checkSeconds,
} from "../errors/arguments.ts";
import {
  checkSignalOption,
  checkWaitOptions,
  type WaitOptions,
} from "../errors/wait_options.ts";
import type { Context } from "./context.ts";
import { checkThread } from "./threads.ts";

/** How a sleep ends early. */
export interface SleepOptions {
  signal?: AbortSignal;
}

/** Sleeps as Copas's `sleep` does: a negative time is until the thread is woken. */
export function sleep(
  { scheduler }: Context,
  seconds: number,
  options?: SleepOptions,
): Promise<void> {
  try {
    checkSeconds("sleep()", "the time", seconds);
    checkSignalOption("sleep()", options);
  } catch (error) {
    return rejectedCall(scheduler, error);
  }
  const silent = { signal: options?.signal, silent: true };
  if (seconds === 0) return yieldTurn(scheduler, silent) as Promise<void>;
  const time = seconds < 0 ? Infinity : seconds;
  return sleepFor(scheduler, time, silent) as Promise<void>;
}

/** Sleeps as Copas's `pause` does: a negative time is none. */
export function pause(
  { scheduler }: Context,
  seconds: number,
  options?: SleepOptions,
): Promise<number> {
  // The most frequent call is the cheapest.
  if (seconds === 0 && options === undefined) {
    return yieldTurn(scheduler) as Promise<number>;
  }
  try {
    checkSeconds("pause()", "the time", seconds);
    checkSignalOption("pause()", options);
  } catch (error) {
    return rejectedCall(scheduler, error);
  }
  const signal = { signal: options?.signal };
  return (seconds > 0
    ? sleepFor(scheduler, seconds, signal)
    : yieldTurn(scheduler, signal)) as Promise<number>;
}

/** Sleeps until the thread is woken. */
export function pauseForever(
  { scheduler }: Context,
  options?: SleepOptions,
): Promise<number> {
  try {
    checkSignalOption("pauseforever()", options);
  } catch (error) {
    return rejectedCall(scheduler, error);
  }
  const signal = { signal: options?.signal };
  return sleepFor(scheduler, Infinity, signal) as Promise<number>;
}

/** Ends the sleep of a thread. */
export function wake(context: Context, task: Task): void {
  wakeUp(checkThread(context, "wakeup()", task));
}

/** Sets or cancels the timeout of the current thread. */
export function setTimeoutOfThread(
  { scheduler }: Context,
  delay: number,
  callback?: (task: Task) => unknown,
): void {
  checkDelay("timeout()", "the delay", delay);
  const cancels = delay === 0 || delay === Infinity;
  if (!cancels) checkFunction("timeout()", "the callback", callback);
  const task = scheduler.current;
  task.timeout?.stop();
  if (!cancels) new ThreadTimeout(scheduler, task, callback!).start(delay);
}

/** Waits for a promise that is not Copas's. */
export function waitForPromise<T>(
  { scheduler }: Context,
  promise: PromiseLike<T>,
  options?: WaitOptions,
): Promise<T> {
  try {
    checkPromise("wait()", "the promise", promise);
    checkWaitOptions("wait()", options);
  } catch (error) {
    return rejectedCall(scheduler, error);
  }
  const foreign = listenTo(promise);
  // It may be rejected before the dispatcher looks at it, or after the wait was given up.
  handled(foreign.promise);
  return waitForCall(scheduler, () => foreign.promise, {
    timeout: options?.timeout,
    signal: options?.signal,
    onabandon: foreign.leave,
    messagePrefix: "Cannot wait for the promise",
  });
}
