/**
 * Threads that sleep.
 *
 * @module
 */

import type { Scheduler } from "./scheduler.ts";
import type { Thread } from "./thread.ts";
import { Wait } from "./wait.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { WaitQueue } from "./wait_queue.ts";

/** What a sleep gives: how long it was, if somebody wants to know. */
type Slept = number | void;

/** A sleep, or a pause: it ends when its time has come, or when somebody wakes it. */
export class SleepWait extends Wait<Slept> {
  /** When it began, if somebody wants to know how long it was. */
  readonly #began?: number;

  constructor(scheduler: Scheduler, seconds: number, began?: number) {
    super(scheduler, "sleep", undefined, seconds === Infinity, false, seconds);
    this.#began = began;
  }

  protected failure(): string {
    return this.timeout === Infinity
      ? "Cannot sleep until woken"
      : "Cannot sleep";
  }

  override due(now: number): void {
    this.resolve(this.#sleptUntil(now));
  }

  #sleptUntil(now: number): Slept {
    return this.#began === undefined ? undefined : now - this.#began;
  }

  /** Begins once more. */
  again(): this {
    this.beginAgain();
    return this;
  }

  /** Ends the sleep early. */
  wake(): void {
    this.resolveLater(this.#sleptUntil(this.scheduler.clock.now()));
  }
}

/** How somebody sleeps. */
export interface SleepOptions {
  signal?: AbortSignal;
  /** Whether the sleep gives nothing. Default: the seconds that it was. */
  silent?: boolean;
}

/** Lets the others run: goes on in the next round. */
export function yieldTurn(
  scheduler: Scheduler,
  { signal, silent }: SleepOptions = {},
): Promise<Slept> {
  const thread = scheduler.current;
  const wait = thread.pause?.isOver
    ? thread.pause.again()
    : new SleepWait(scheduler, 0);
  thread.pause = wait;
  if (signal?.aborted) wait.endOn(signal);
  wait.resolveLater(silent ? undefined : 0);
  return wait.promise;
}

/** Sleeps for some seconds, more than 0; `Infinity` is until somebody wakes the thread. */
export function sleepFor(
  scheduler: Scheduler,
  seconds: number,
  options?: SleepOptions,
): Promise<Slept> {
  const now = scheduler.clock.now();
  return sleep(scheduler, now, now + seconds, options);
}

/** Sleeps until the clock shows `at`. When that time has passed, the thread goes on in the next round. */
export function sleepUntil(scheduler: Scheduler, at: number): Promise<Slept> {
  const now = scheduler.clock.now();
  return at > now ? sleep(scheduler, now, at) : yieldTurn(scheduler);
}

function sleep(
  scheduler: Scheduler,
  now: number,
  at: number,
  { signal, silent }: SleepOptions = {},
): Promise<Slept> {
  const wait = new SleepWait(scheduler, at - now, silent ? undefined : now);
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
