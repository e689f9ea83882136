/**
 * The timer: calls a function after some time, once or again and again.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { sleepUntil } from "../core/sleep.ts";
import type { ErrorHandler } from "../core/task.ts";
import type { Thread } from "../core/thread.ts";
import { checkDelay, checkFlag, checkFunction } from "../errors/arguments.ts";
import { CancelledError } from "../errors/errors.ts";

/** What a timer calls, and when. */
export interface TimerOptions<P = undefined> {
  /** Seconds, 0 or more, from being armed to the first call, and from the end of a call to the next. */
  delay: number;
  /** The function that the timer calls, with itself and `params`. It may wait. */
  callback: (timer: Timer<P>, params: P) => unknown;
  /** Whether the timer goes on after the first call. Default: `false`. */
  recurring?: boolean;
  /** Seconds, 0 or more, to the first call; with 0 it comes in the next step. Default: `delay`. */
  initialdelay?: number;
  /** Whether `loop()` ends although the timer is armed, as soon as nothing else keeps it going. Its callback keeps it going while it runs. Default: `false`. */
  unref?: boolean;
  /** What the callback is called with, after the timer. Default: `undefined`. */
  params?: P;
  /** Gets the errors of the callback. Default: the dispatcher's default error handler. */
  errorhandler?: ErrorHandler;
  /** The timer's name, and that of its thread. Default: `copas_timer_1` and so on. */
  name?: string;
}

/**
 * A timer. It is armed when it is made, and its callback runs in a thread with
 * the timer's name. An armed timer keeps `loop()` going, unless it has `unref`.
 *
 * A recurring timer waits for `delay` seconds from the end of a call to the
 * next. If it is late, because other threads were busy, the next wait is shorter
 * by that time, down to 0: so delays don't add up. Calls that were missed are
 * not made up for.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * copas.timer.new({
 *   delay: 1,
 *   recurring: true,
 *   params: { left: 3 },
 *   callback(timer, params) {
 *     console.log(`${params.left} left`);
 *     if (--params.left === 0) timer.cancel();
 *   },
 * });
 * await copas.loop();
 * ```
 */
export class Timer<P = undefined> implements Disposable {
  /** The timer's name, and that of its thread. */
  readonly name: string;
  /** Seconds from being armed to the first call, and from the end of a call to the next. */
  readonly delay: number;
  /** Whether the timer goes on after the first call. */
  readonly recurring: boolean;
  /** What the callback is called with, after the timer. */
  readonly params: P;
  readonly #scheduler: Scheduler;
  readonly #callback: (timer: Timer<P>, params: P) => unknown;
  readonly #errorhandler?: ErrorHandler;
  readonly #isUnref: boolean;
  /** The thread that sleeps for the next call. */
  #task?: Thread = undefined;
  #cancelled = false;
  /** Whether the callback runs. */
  #isCalling = false;

  /** @ignore Only `copas.timer.new()` calls it. */
  constructor(scheduler: Scheduler, name: string, options: TimerOptions<P>) {
    const { delay, callback, errorhandler, unref = false } = options;
    checkDelay("timer.new()", "the delay", delay);
    checkFunction("timer.new()", "the callback", callback);
    checkFlag("timer.new()", "recurring", options.recurring);
    if (errorhandler !== undefined) {
      checkFunction("timer.new()", "the errorhandler", errorhandler);
    }
    checkFlag("timer.new()", "unref", unref);
    this.#isUnref = unref;
    this.name = name;
    this.delay = delay;
    this.recurring = options.recurring ?? false;
    this.params = options.params as P;
    this.#scheduler = scheduler;
    this.#callback = callback;
    this.#errorhandler = errorhandler;
    this.arm(options.initialdelay);
  }

  /** Whether the timer is going to call its callback. `false` already in the only call of a timer that is not recurring. */
  get armed(): boolean {
    return this.#task !== undefined && !this.#task.removed;
  }

  /** Whether the timer was cancelled, and not armed again since. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /**
   * Arms a timer that has expired or was cancelled.
   *
   * @param initialdelay seconds to the first call, 0 or more; with 0 it comes in
   * the next step. Default: the timer's `delay`
   * @returns the timer
   * @throws {Error} when it is armed already
   * @throws {TypeError} when `initialdelay` is not a number
   * @throws {RangeError} when `initialdelay` is negative or `NaN`
   */
  arm(initialdelay: number = this.delay): this {
    checkDelay("arm()", "the initialdelay", initialdelay);
    if (this.armed) {
      throw new Error(
        `Cannot arm ${this.name}: it is armed already; cancel() it first`,
      );
    }
    this.#cancelled = false;
    const due = this.#scheduler.clock.now() + initialdelay;
    this.#scheduler.spawn(this.name, () => this.#run(due));
    return this;
  }

  /**
   * Cancels the timer: it calls its callback no more. When a callback of a
   * recurring timer is waiting for something, that wait fails with a
   * `CancelledError`, unless the callback itself calls `cancel`.
   *
   * @returns the timer; `false` when it is not armed: it was cancelled, or has
   * expired, as one that is not recurring has when its callback runs
   */
  cancel(): this | false {
    if (!this.armed) return false;
    const task = this.#task!;
    this.#task = undefined;
    this.#cancelled = true;
    if (task !== this.#scheduler.current) task.cancel();
    return this;
  }

  /** Cancels the timer if it is armed, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  /**
   * Describes the timer, for messages and logs.
   *
   * @returns its name, and whether it is armed, cancelled or expired:
   * `"copas_timer_1: armed"`
   */
  toString(): string {
    const state = this.armed
      ? "armed"
      : this.#cancelled
      ? "cancelled"
      : "expired";
    return `${this.name}: ${state}`;
  }

  /**
   * Ends a recurring timer, for `copas.shutdown`; a call that is under way goes on.
   *
   * @ignore
   */
  endAtShutdown(): void {
    if (!this.#isCalling) this.cancel();
  }

  async #run(due: number): Promise<void> {
    const { recurring } = this.#scheduler.lifecycle;
    if (this.recurring) recurring.add(this);
    try {
      await this.#callUntilCancelled(due);
    } finally {
      // It may have been armed again meanwhile.
      if (!this.armed) recurring.delete(this);
    }
  }

  async #callUntilCancelled(due: number): Promise<void> {
    const { clock, current: task, lifecycle } = this.#scheduler;
    this.#task = task;
    task.errorhandler = this.#errorhandler;
    for (;;) {
      if (this.recurring && lifecycle.shutdown !== undefined) {
        this.#task = undefined;
        this.#cancelled = true;
        return;
      }
      await sleepUntil(this.#scheduler, due, { idle: this.#isUnref });
      if (!this.recurring) this.#task = undefined;
      const began = clock.now();
      await this.#call(task);
      // The timer may have been cancelled, and even armed again: then another thread goes on.
      if (this.#task !== task) return;
      const ended = clock.now();
      due = Math.max(ended, due + (ended - began) + this.delay);
    }
  }

  async #call(task: Thread): Promise<void> {
    this.#isCalling = true;
    try {
      await this.#callback(this, this.params);
    } catch (error) {
      // The end of a callback that was cancelled is not an error.
      if (task.removed && error instanceof CancelledError) return;
      this.#scheduler.report(error, task, task.socket);
    } finally {
      this.#isCalling = false;
    }
  }
}
