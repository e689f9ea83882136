/**
 * The timeout that a thread sets for itself with `copas.timeout`.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { Task } from "./task.ts";
import type { WaitHost } from "./wait.ts";

/** What the timeout needs of the dispatcher. */
export interface TimeoutHost extends
  Pick<
    WaitHost,
    "clock" | "selector" | "setDeadline" | "clearDeadline"
  > {
  /** How many timeouts run. */
  timeouts: number;
  /** Runs a callback that belongs to no thread; its errors go to the default error handler. */
  guard(callback: () => unknown): void;
}

/** What the timeout needs of its thread. */
export interface TimedThread extends Task {
  /** The timeout that runs, if one does. */
  timeout?: { stop(): void };
}

/** Calls a function when the time is up, whether the thread runs or not. */
export class ThreadTimeout extends DeadlineEntry {
  readonly #scheduler: TimeoutHost;
  readonly #task: TimedThread;
  readonly #callback: (task: Task) => unknown;

  constructor(
    scheduler: TimeoutHost,
    task: TimedThread,
    callback: (task: Task) => unknown,
  ) {
    super();
    this.#scheduler = scheduler;
    this.#task = task;
    this.#callback = callback;
  }

  /** The time begins to run. */
  start(seconds: number): void {
    const scheduler = this.#scheduler;
    this.#task.timeout = this;
    scheduler.timeouts++;
    scheduler.setDeadline(this, scheduler.clock.now() + seconds);
  }

  /** The callback will not be called any more. */
  stop(): void {
    const scheduler = this.#scheduler;
    this.#task.timeout = undefined;
    scheduler.timeouts--;
    scheduler.clearDeadline(this);
    scheduler.selector.wake();
  }

  /** Runs the callback. An error of it goes to the default error handler. */
  due(): void {
    this.stop();
    this.#scheduler.guard(() => this.#callback(this.#task));
  }
}
