/**
 * A round of the scheduler, which can be interrupted: the event loop has its
 * turn when the threads that were resumed have computed for long.
 *
 * @module
 */

import type { DeadlineHeap } from "../collections/deadline_heap.ts";
import type { Ready } from "../readiness/selector.ts";
import type { TimeSlice } from "./time_slice.ts";

/** A wait whose outcome is known. */
interface Deliverable {
  /** Resumes the thread. */
  deliver(): void;
}

const NOTHING: readonly never[] = [];

/** What is left to do in the round that was begun last. */
export class Round {
  /** Whether nothing is left. */
  isComplete = true;
  /** Whether there was anything to do. */
  wasActive = false;
  #ready: readonly Ready[] = [];
  #nextReady = 0;
  #now = 0;
  #newest = 0;
  #runnable: readonly Deliverable[] = [];
  #nextRunnable = 0;

  /**
   * Begins a round.
   *
   * @param ready what is served first
   * @param now the deadlines up to it come next
   * @param newest the mark of the last deadline that may: a thread that sleeps
   * again for no time at all has to wait for the next round
   * @param runnable what is delivered at last
   */
  begin(
    ready: readonly Ready[],
    now: number,
    newest: number,
    runnable: readonly Deliverable[],
  ): void {
    this.isComplete = false;
    this.wasActive = ready.length > 0 || runnable.length > 0;
    this.#ready = ready;
    this.#nextReady = 0;
    this.#now = now;
    this.#newest = newest;
    this.#runnable = runnable;
    this.#nextRunnable = 0;
  }

  /** How many waits are still to be delivered. */
  get waiting(): number {
    return this.#runnable.length - this.#nextRunnable;
  }

  /** Goes on until nothing is left, and returns `true`, or until the calls allotted to the slice are used up. */
  serve(deadlines: DeadlineHeap, slice: TimeSlice): boolean {
    const ready = this.#ready;
    while (this.#nextReady < ready.length) {
      if (slice.isUsedUp) return false;
      ready[this.#nextReady++].dispatch();
    }
    while (deadlines.next <= this.#now) {
      if (slice.isUsedUp) return false;
      const entry = deadlines.take(this.#now, this.#newest);
      if (entry === undefined) break;
      this.wasActive = true;
      entry.due(this.#now);
    }
    const runnable = this.#runnable;
    while (this.#nextRunnable < runnable.length) {
      if (slice.isUsedUp) return false;
      runnable[this.#nextRunnable++].deliver();
    }
    // What was served must not be kept alive until the next round.
    this.#ready = this.#runnable = NOTHING;
    this.#nextReady = this.#nextRunnable = 0;
    return this.isComplete = true;
  }
}
