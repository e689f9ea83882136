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

/** A round, and what is left to do in it when it was interrupted. */
export class Round {
  /** Whether nothing is left. */
  isComplete = true;
  /** Whether there was anything to do. */
  wasActive = false;
  readonly #deadlines: DeadlineHeap;
  readonly #slice: TimeSlice;
  #ready: readonly Ready[] = NOTHING;
  #now = 0;
  #newest = 0;
  #runnable: readonly Deliverable[] = NOTHING;

  constructor(deadlines: DeadlineHeap, slice: TimeSlice) {
    this.#deadlines = deadlines;
    this.#slice = slice;
  }

  /** How many waits are still to be delivered. */
  get waiting(): number {
    return this.#runnable.length;
  }

  /**
   * Begins a round, and goes on as {@linkcode goOn} does.
   *
   * @param ready what is served first
   * @param now the deadlines up to it come next
   * @param runnable what is delivered at last
   */
  begin(
    ready: readonly Ready[],
    now: number,
    runnable: readonly Deliverable[],
  ): boolean {
    this.wasActive = ready.length > 0 || runnable.length > 0;
    // A thread that sleeps again for no time at all has to wait for the next round.
    return this.#serve(ready, now, this.#deadlines.newest, runnable);
  }

  /** Goes on until nothing is left, and returns `true`, or until the calls are used up that are allotted to the slice. */
  goOn(): boolean {
    if (this.isComplete) return true;
    const ready = this.#ready;
    const runnable = this.#runnable;
    // What is served must not be kept alive until the next round.
    this.#ready = this.#runnable = NOTHING;
    this.isComplete = true;
    return this.#serve(ready, this.#now, this.#newest, runnable);
  }

  #serve(
    ready: readonly Ready[],
    now: number,
    newest: number,
    runnable: readonly Deliverable[],
  ): boolean {
    const slice = this.#slice;
    const deadlines = this.#deadlines;
    // They are counted at the end: a round is short, or stops when they are used up.
    const { calls } = slice;
    let left = calls;
    let served = 0;
    for (; served < ready.length && left > 0; left--) {
      ready[served++].dispatch();
    }
    for (; deadlines.next <= now && left > 0; left--) {
      const entry = deadlines.take(now, newest);
      if (entry === undefined) break;
      this.wasActive = true;
      entry.due(now);
    }
    let delivered = 0;
    for (; delivered < runnable.length && left > 0; left--) {
      runnable[delivered++].deliver();
    }
    slice.count(calls - left);
    if (
      served === ready.length && delivered === runnable.length &&
      !(left <= 0 && deadlines.next <= now)
    ) return true;
    this.#ready = ready.slice(served);
    this.#now = now;
    this.#newest = newest;
    this.#runnable = runnable.slice(delivered);
    return this.isComplete = false;
  }
}
