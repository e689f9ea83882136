/**
 * Threads that sleep.
 *
 * @module
 */

import type { Scheduler } from "./scheduler.ts";
import type { Thread } from "./thread.ts";
import { Wait, type WaitOptions } from "./wait.ts";
import { WaitQueue } from "./wait_queue.ts";

/** A sleep, or a pause: it ends when its time has come, or when somebody wakes it. */
export class SleepWait extends Wait<number> {
  readonly #began: number;

  constructor(scheduler: Scheduler, began: number, seconds: number) {
    super(scheduler, "sleep", undefined, seconds === Infinity, false, seconds);
    this.#began = began;
  }

  protected failure(): string {
    return this.patience === Infinity
      ? "Cannot sleep until woken"
      : "Cannot sleep";
  }

  override due(now: number): void {
    this.resolve(now - this.#began);
  }

  /** Begins once more. */
  again(): this {
    this.beginAgain();
    return this;
  }

  /** Ends the sleep early. */
  wake(): void {
    this.resolveLater(this.scheduler.clock.now() - this.#began);
  }
}

/** Lets the others run: goes on in the next round. */
export function yieldTurn(
  scheduler: Scheduler,
  signal?: AbortSignal,
): Promise<number> {
  const thread = scheduler.current;
  const wait = thread.pause?.isOver
    ? thread.pause.again()
    : new SleepWait(scheduler, 0, 0);
  thread.pause = wait;
  if (signal?.aborted) wait.endOn(signal);
  wait.resolveLater(0);
  return wait.promise;
}

/** Sleeps for some seconds, more than 0; `Infinity` is until somebody wakes the thread. */
export function sleepFor(
  scheduler: Scheduler,
  seconds: number,
  signal?: AbortSignal,
): Promise<number> {
  const now = scheduler.clock.now();
  return sleep(scheduler, now, now + seconds, signal);
}

/** Sleeps until the clock shows `at`. When that time has passed, the thread goes on in the next round. */
export function sleepUntil(scheduler: Scheduler, at: number): Promise<number> {
  const now = scheduler.clock.now();
  return at > now ? sleep(scheduler, now, at) : yieldTurn(scheduler);
}

function sleep(
  scheduler: Scheduler,
  now: number,
  at: number,
  signal?: AbortSignal,
): Promise<number> {
  const wait = new SleepWait(scheduler, now, at - now);
  if (wait.pending && at < Infinity) scheduler.sleepUntil(wait, at);
  if (wait.pending && signal !== undefined) wait.endOn(signal);
  return wait.promise;
}

/** Ends the sleep of a thread, if it sleeps. */
export function wakeUp(task: Thread): void {
  for (let wait = task.wait; wait !== undefined;) {
    const { older } = wait;
    if (wait instanceof SleepWait && wait.pending) wait.wake();
    wait = older;
  }
}

class ExitWait extends Wait<void> {
  constructor(scheduler: Scheduler) {
    super(scheduler, "sleep", undefined, true);
  }

  protected failure(): string {
    return "Cannot wait for the exit";
  }
}

/** Those who wait for the dispatcher to exit. */
export class ExitQueue {
  readonly #waiting: WaitQueue<ExitWait> = new WaitQueue();

  /** Resolves when `release` is called. */
  wait(scheduler: Scheduler, options?: WaitOptions): Promise<void> {
    const wait = new ExitWait(scheduler);
    this.#waiting.push(wait);
    wait.limit(options);
    return wait.promise;
  }

  /** Lets all go on. */
  release(): void {
    for (const wait of this.#waiting) wait.resolveLater();
  }
}
