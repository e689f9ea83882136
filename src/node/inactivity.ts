/**
 * `socket.setTimeout`, by the dispatcher's clock.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { Scheduler } from "../core/scheduler.ts";

/**
 * Rings when nothing was read or written for a while. Node's HTTP sets the time
 * anew for every request; so an entry stays where it is in the heap when its time
 * moves back, and looks again when it is due.
 */
export class InactivityTimer extends DeadlineEntry {
  readonly #scheduler: Scheduler;
  readonly #ring: () => void;
  #seconds = 0;
  #touched = 0;
  #isNoted = false;

  constructor(scheduler: Scheduler, ring: () => void) {
    super();
    this.#scheduler = scheduler;
    this.#ring = ring;
  }

  /** Rings after so many seconds without a touch, from now on; 0: never. */
  set(seconds: number): void {
    this.#seconds = seconds;
    if (seconds === 0) return;
    this.touch();
  }

  /** There was activity. All that was active in a turn asks the clock once. */
  touch(): void {
    if (this.#isNoted) return;
    this.#isNoted = true;
    this.#scheduler.endOfTurn.startTimeAtEnd(this);
  }

  /** The end of a turn with activity. */
  startTime(now: number): void {
    this.#isNoted = false;
    this.#touched = now;
    if (this.#seconds === 0) return;
    const time = now + this.#seconds;
    if (this.place < 0 || time < this.deadline) {
      this.#scheduler.setDeadline(this, time);
    }
  }

  /** Never rings again. */
  stop(): void {
    this.#seconds = 0;
    this.#scheduler.clearDeadline(this);
  }

  override due(now: number): void {
    if (this.#seconds === 0) return;
    const time = this.#touched + this.#seconds;
    if (time > now) return this.#scheduler.setDeadline(this, time);
    // As in `node:net` it rings once for each silence.
    this.#ring();
  }
}
