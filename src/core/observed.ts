/**
 * What looks at a dispatcher while it works. What is counted may be collected.
 *
 * @module
 */

import { Counters } from "./counts.ts";
import type { DurationRecorder, Metered } from "./metrics.ts";
import type { RoundWatch } from "./round_watch.ts";
import type { StepTimings } from "./step_timings.ts";
import type { Task } from "./task.ts";
import type { Tracer } from "./tracer.ts";
import type { AnyWait } from "./wait.ts";

/** What a thread does: it goes on, waits, or has ended. */
export type ThreadEvent = "resuming" | "yielding" | "exiting";

/** A queue, as far as it is counted. */
export interface CountedQueue {
  /** Its name. */
  readonly name: string;
  /** How many items there are. */
  readonly size: number;
  /** Whether it can't be used any more. */
  readonly hasEnded: boolean;
}

/** The part of a dispatcher that tells what it does. */
export abstract class Observed {
  /** What it has counted. */
  readonly counts: Counters = new Counters();
  /** What has further numbers to tell. */
  readonly metered: Set<Metered> = new Set();
  /** The queues of the program. */
  readonly queues: WeakList<CountedQueue> = new WeakList();
  /** Called for every thread that goes on, waits, or ends; for `copas.debug`. */
  log?: (event: ThreadEvent, task: Task, wait?: AnyWait) => void = undefined;
  /** The instrumentation, if there is one. */
  tracer?: Tracer = undefined;
  /** Hears of every duration that a histogram counts; for an instrumentation. */
  recorder?: DurationRecorder = undefined;
  /** Times the rounds while `status()` is asked to tell of them. */
  stepTimings?: StepTimings = undefined;
  /** Measures how long the threads keep the event loop, once `metrics()` was asked for it. */
  watch?: RoundWatch = undefined;
}

/** A list whose items may be collected. */
export class WeakList<T extends object> {
  #refs: WeakRef<T>[] = [];
  /** How many references there may be before those to nothing are left out. */
  #most = 16;

  /** Puts an item at the end. */
  add(item: T): void {
    this.#refs.push(new WeakRef(item));
    if (this.#refs.length < this.#most) return;
    this.#refs = this.#refs.filter((ref) => ref.deref() !== undefined);
    this.#most = Math.max(16, 2 * this.#refs.length);
  }

  /** The items that are still there, in their order. */
  *[Symbol.iterator](): Generator<T> {
    for (const ref of this.#refs) {
      const item = ref.deref();
      if (item !== undefined) yield item;
    }
  }
}
