/**
 * The end of a queue: its work is complete when every item was popped and every
 * worker has ended; it is destroyed when the items are given up before that.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import type { HandOff } from "./hand_off.ts";
import type { QueueWorkers } from "./queue_workers.ts";
import { Waiters } from "./waiters.ts";
import { rejectedCall, resolvedCall } from "../core/immediate_call.ts";

/** Seconds that `finish` waits when the caller names no timeout. */
const FINISH_TIMEOUT = 10;

/** The threads that wait until the work of one queue is complete. */
export class QueueCompletion<T> {
  readonly #handOff: HandOff<T>;
  readonly #workers: QueueWorkers<T>;
  /** The threads that wait, and for each whether the queue is destroyed when it times out. */
  readonly #waiters: Waiters<true, boolean>;

  constructor(
    scheduler: Scheduler,
    queue: { readonly name: string },
    handOff: HandOff<T>,
    workers: QueueWorkers<T>,
  ) {
    this.#handOff = handOff;
    this.#workers = workers;
    this.#waiters = new Waiters(scheduler, queue, {
      messagePrefix: () => `Cannot finish ${queue.name}`,
      timeoutReason: () => `left are ${this.describeRest()}`,
      expired: (wait) => {
        if (wait.detail) this.destroy();
      },
    });
  }

  get #isComplete(): boolean {
    return this.#handOff.state === "drained" && this.#workers.size === 0;
  }

  /** What is left to do: `"2 items, 1 worker"`. */
  describeRest(): string {
    const items = count(this.#handOff.size, "item");
    return `${items}, ${count(this.#workers.size, "worker")}`;
  }

  /** Stops the queue and waits until its work is complete. */
  finish(
    timeout: number | WaitOptions | undefined,
    destroyOnTimeout: boolean,
  ): Promise<true> {
    try {
      return this.#finish(timeout, destroyOnTimeout);
    } catch (error) {
      return rejectedCall(this.#waiters.scheduler, error);
    }
  }

  #finish(
    timeout: number | WaitOptions | undefined,
    destroyOnTimeout: boolean,
  ): Promise<true> {
    const limit = readWaitOptions("finish()", timeout, FINISH_TIMEOUT);
    if (this.#handOff.state === "destroyed" || this.#isComplete) {
      throw this.#handOff.endedError("finish");
    }
    this.#waiters.checkNotCancelled(destroyOnTimeout, limit.signal);
    this.#handOff.stop();
    if (this.#isComplete) return resolvedCall(this.#waiters.scheduler, true);
    if (limit.timeout > 0) {
      return this.#waiters.enqueue(destroyOnTimeout, limit);
    }
    // The message tells what is left, so it is made before the items are given up.
    const error = this.#waiters.timeoutError(destroyOnTimeout, 0);
    if (destroyOnTimeout) this.destroy();
    throw error;
  }

  /** The last item was popped, or a worker has ended: perhaps the work is complete now. */
  update(): void {
    if (this.#isComplete) this.#waiters.resolveAll(true);
  }

  /** Gives the items up: all threads that wait get an error. */
  destroy(): void {
    this.#handOff.destroy();
    this.#waiters.rejectAll(() => this.#handOff.endedError("finish"));
  }
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
