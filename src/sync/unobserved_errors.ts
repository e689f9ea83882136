/**
 * Errors of futures that no thread has asked for: each is reported once, and
 * not before it is likely that no thread will ask.
 *
 * @module
 */

import { EndHook } from "../core/end_hook.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { Thread } from "../core/thread.ts";

/** Seconds after which an error is reported that no thread has asked for. */
const REPORT_DELAY = 10;

/** The errors of one dispatcher that no thread has asked for yet. When the dispatcher exits, they are reported. */
export class UnobservedErrors {
  readonly #scheduler: Scheduler;
  readonly #errors = new Set<UnobservedError>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    scheduler.lifecycle.addExitListener(() => {
      for (const error of this.#errors) error.report();
    });
  }

  /** Calls `report` unless the error is asked for in time: most likely by `creator`, the thread that made the future. */
  add(creator: Thread, report: () => void): UnobservedError {
    return new UnobservedError(this.#scheduler, creator, report, this.#errors);
  }
}

/** An error that may yet be asked for, until its creator ends or the delay is over. */
export class UnobservedError extends EndHook {
  readonly #scheduler: Scheduler;
  readonly #report: () => void;
  readonly #all: Set<UnobservedError>;
  readonly #alarm: DeadlineEntry;
  #immediate?: ReturnType<typeof setImmediate>;

  constructor(
    scheduler: Scheduler,
    creator: Thread,
    report: () => void,
    all: Set<UnobservedError>,
  ) {
    super();
    this.#scheduler = scheduler;
    this.#report = report;
    this.#all = all;
    this.#alarm = new ReportAlarm(this);
    all.add(this);
    scheduler.setDeadline(this.#alarm, scheduler.clock.now() + REPORT_DELAY);
    if (creator.done || scheduler.driver.exiting) this.report();
    else if (creator === scheduler.main) this.#reportWhenMainIsIdle();
    else this.assign(creator);
  }

  /** The caller has asked for the error: it need not be reported. */
  observe(): void {
    this.#all.delete(this);
    this.#scheduler.clearDeadline(this.#alarm);
    clearImmediate(this.#immediate);
    this.lift();
  }

  /** Reports the error, unless it was asked for. */
  report(): void {
    if (!this.#all.has(this)) return;
    this.observe();
    this.#report();
  }

  protected override neglected(): void {
    this.report();
  }

  /** Code outside every thread has no end: it may ask in this turn of the event loop, and as long as it waits. */
  #reportWhenMainIsIdle = () => {
    this.#immediate = setImmediate(() => {
      const { wait } = this.#scheduler.main;
      if (wait === undefined) return this.report();
      wait.promise.then(this.#reportWhenMainIsIdle, this.#reportWhenMainIsIdle);
    });
  };
}

/** Rings when the delay is over. */
class ReportAlarm extends DeadlineEntry {
  readonly #error: UnobservedError;

  constructor(error: UnobservedError) {
    super();
    this.#error = error;
  }

  due(): void {
    this.#error.report();
  }
}
