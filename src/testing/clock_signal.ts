/**
 * Signals that abort at a time of a virtual clock.
 *
 * @module
 */

import { DeadlineEntry, DeadlineHeap } from "../collections/deadline_heap.ts";

/** The signals of a clock that have not aborted. */
export class ClockSignals {
  /** Those that a call may wait for. */
  readonly #live = new DeadlineHeap();
  /** Those whose last listener has left. */
  readonly #left = new DeadlineHeap();

  /** Makes a signal that aborts at `time`. */
  add(time: number): AbortSignal {
    const entry = new SignalEntry(this.#live, this.#left);
    this.#live.set(entry, time);
    return entry.signal;
  }

  /**
   * The earliest time at which a signal aborts that a call may wait for. One
   * that has had listeners and has none any more is left out: a call that has
   * ended must not move the clock.
   */
  get nextLive(): number {
    return this.#live.next;
  }

  /** The earliest time at which any signal aborts. */
  get next(): number {
    return Math.min(this.#live.next, this.#left.next);
  }

  /** Aborts those whose time has come by `now`. */
  abortDue(now: number): void {
    for (const heap of [this.#live, this.#left]) {
      for (let entry; (entry = heap.take(now)) !== undefined;) entry.due(now);
    }
  }
}

/** A signal among the deadlines. */
class SignalEntry extends DeadlineEntry {
  readonly #controller = new AbortController();
  readonly #live: DeadlineHeap;
  readonly #left: DeadlineHeap;
  /** The one in which it stands. */
  #heap: DeadlineHeap;
  readonly #listeners = new Set<unknown>();

  constructor(live: DeadlineHeap, left: DeadlineHeap) {
    super();
    this.#heap = this.#live = live;
    this.#left = left;
    this.#watchListeners();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The platform does not tell whether a signal has listeners. One that is part of `AbortSignal.any` has none that is seen here, and stays live. */
  #watchListeners(): void {
    const { signal } = this;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (
      ...args: Parameters<typeof addEventListener>
    ) => {
      this.#listeners.add(args[1]);
      this.#moveTo(this.#live);
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (
      ...args: Parameters<typeof removeEventListener>
    ) => {
      removeEventListener.apply(signal, args);
      if (!this.#listeners.delete(args[1]) || this.#listeners.size > 0) return;
      this.#moveTo(this.#left);
    };
  }

  #moveTo(heap: DeadlineHeap): void {
    // It stands nowhere once it has aborted.
    if (this.place < 0 || heap === this.#heap) return;
    this.#heap.delete(this);
    heap.set(this, this.deadline);
    this.#heap = heap;
  }

  due(): void {
    // As the platform's own signal has it.
    const reason = new DOMException("Signal timed out.", "TimeoutError");
    this.#controller.abort(reason);
  }
}
