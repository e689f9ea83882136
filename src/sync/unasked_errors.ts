/**
 * Errors of futures that nobody has asked for: somebody has to hear of each,
 * once, and not before it is likely that nobody will ask.
 *
 * @module
 */

import { EndHook } from "../core/end_hook.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { Thread } from "../core/thread.ts";

/** How long an error can wait to be asked for, in seconds. */
const PATIENCE = 10;

/** The errors of one dispatcher that nobody has asked for yet. When it exits, they are reported. */
export class UnaskedErrors {
  readonly #scheduler: Scheduler;
  readonly #errors = new Set<UnaskedError>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    scheduler.lifecycle.addExitListener(() => {
      for (const error of this.#errors) error.report();
    });
  }

  /** Calls `report` if nobody asks for the error; most likely `creator` does, the thread that made the future. */
  add(creator: Thread, report: () => void): UnaskedError {
    return new UnaskedError(this.#scheduler, creator, report, this.#errors);
  }
}

/** An error that waits to be asked for: as long as its creator lives, and not longer than the timeout lasts. */
export class UnaskedError extends EndHook {
  readonly #scheduler: Scheduler;
  readonly #report: () => void;
  readonly #all: Set<UnaskedError>;
  readonly #alarm: DeadlineEntry;
  #immediate?: ReturnType<typeof setImmediate>;

  constructor(
    scheduler: Scheduler,
    creator: Thread,
    report: () => void,
    all: Set<UnaskedError>,
  ) {
    super();
    this.#scheduler = scheduler;
    this.#report = report;
    this.#all = all;
    this.#alarm = new ReportAlarm(this);
    all.add(this);
    scheduler.setDeadline(this.#alarm, scheduler.clock.now() + PATIENCE);
    if (creator.done || scheduler.driver.exiting) this.report();
    else if (creator === scheduler.main) this.#lookLater();
    else this.assign(creator);
  }

  /** Somebody has asked. */
  asked(): void {
    this.#all.delete(this);
    this.#scheduler.clearDeadline(this.#alarm);
    clearImmediate(this.#immediate);
    this.lift();
  }

  /** Tells of the error, unless somebody has asked. */
  report(): void {
    if (!this.#all.has(this)) return;
    this.asked();
    this.#report();
  }

  protected neglected(): void {
    this.report();
  }

  /** Code outside every thread has no end: it may ask in this turn of the event loop, and as long as it waits. */
  #lookLater = () => {
    this.#immediate = setImmediate(() => {
      const { wait } = this.#scheduler.main;
      if (wait === undefined) this.report();
      else wait.promise.then(this.#lookLater, this.#lookLater);
    });
  };
}

/** The end of the timeout. */
class ReportAlarm extends DeadlineEntry {
  readonly #error: UnaskedError;

  constructor(error: UnaskedError) {
    super();
    this.#error = error;
  }

  due(): void {
    this.#error.report();
  }
}
