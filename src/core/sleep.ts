/**
 * Threads that sleep.
 *
 * @module
 */

import { Wait, type WaitHost, type WaitingThread } from "./wait.ts";

/** What a sleep resolves to: how many seconds it lasted, unless it is silent. */
type Slept = number | void;

/** What a pause needs of the thread. */
export interface PausingThread extends WaitingThread {
  /** The wait in which the thread let the others run the last time. */
  pause?: SleepWait;
}

/** What a sleep needs of the dispatcher. */
export interface SleepHost extends WaitHost {
  readonly current: PausingThread;
}

/** A sleep, or a pause: it ends when its time has come, or when the thread is woken. */
export class SleepWait extends Wait<Slept> {
  /** When it began; not noted for a silent sleep. */
  readonly #began?: number;

  constructor(
    task: WaitingThread,
    seconds: number,
    began?: number,
    isIdle = seconds === Infinity,
  ) {
    super(task, "sleep", undefined, isIdle, false, seconds);
    this.#began = began;
  }

  protected failure(): string {
    return this.timeout === Infinity
      ? "Cannot sleep until woken"
      : "Cannot sleep";
  }

  override get lastsUntilWoken(): boolean {
    return this.timeout === Infinity;
  }

  override due(now: number): void {
    this.resolve(this.#sleptUntil(now));
  }

  #sleptUntil(now: number): Slept {
    return this.#began === undefined ? undefined : now - this.#began;
  }

  /** Begins once more. */
  again(task: WaitingThread): this {
    this.beginAgain(task);
    return this;
  }

  /** Ends the sleep early. */
  wake(): void {
    this.resolveLater(this.#sleptUntil(this.scheduler.clock.now()));
  }
}

/** How a thread sleeps. */
export interface SleepOptions {
  /** Ends the sleep with a `CancelledError` when it aborts. */
  signal?: AbortSignal;
  /** Whether the sleep resolves to nothing. Default: to the seconds that it lasted. */
  silent?: boolean;
  /** Whether the sleep does not keep `loop()` going. Default: whether it is without end. */
  idle?: boolean;
}

/** Lets the others run: goes on in the next round. */
export function yieldTurn(
  scheduler: SleepHost,
  { signal, silent }: SleepOptions = {},
): Promise<Slept> {
  const thread = scheduler.current;
  const wait = thread.pause?.isOver
    ? thread.pause.again(thread)
    : new SleepWait(thread, 0);
  thread.pause = wait;
  if (signal?.aborted) wait.endOn(signal);
  wait.resolveLater(silent ? undefined : 0);
  return wait.promise;
}

/** Sleeps for some seconds, more than 0; `Infinity` is until the thread is woken. */
export function sleepFor(
  scheduler: WaitHost,
  seconds: number,
  options?: SleepOptions,
): Promise<Slept> {
  const now = scheduler.clock.now();
  return sleep(scheduler, now, now + seconds, options);
}

/** Sleeps until the clock shows `time`. When that time has passed, the thread goes on in the next round. */
export function sleepUntil(
  scheduler: SleepHost,
  time: number,
  options?: SleepOptions,
): Promise<Slept> {
  const now = scheduler.clock.now();
  return time > now
    ? sleep(scheduler, now, time, options)
    : yieldTurn(scheduler, options);
}

function sleep(
  scheduler: WaitHost,
  now: number,
  until: number,
  { signal, silent, idle }: SleepOptions = {},
): Promise<Slept> {
  const { current } = scheduler;
  const began = silent ? undefined : now;
  const wait = new SleepWait(current, until - now, began, idle);
  if (wait.pending && until < Infinity) scheduler.setDeadline(wait, until);
  if (signal !== undefined) wait.endOn(signal);
  return wait.promise;
}

/** Ends the sleep of a thread, if it sleeps. */
export function wakeUp(task: WaitingThread): void {
  for (const wait of task.waits) {
    if (wait instanceof SleepWait && wait.pending) wait.wake();
  }
}
