/**
 * The workers of a queue: threads that pop items and handle them.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import type { Thread } from "../core/thread.ts";
import { type Carried, TracedItem } from "./item_store.ts";
import { CancelledError } from "../errors/errors.ts";

/** What workers need of their queue: a name, and the items until the queue ends. */
export interface ItemSource<T> extends AsyncIterator<Carried<T>, undefined> {
  readonly name: string;
}

/** The workers of one queue. */
export class QueueWorkers<T> {
  readonly #scheduler: Scheduler;
  readonly #queue: ItemSource<T>;
  readonly #onended: () => void;
  readonly #tasks = new Set<Task>();
  /** How many workers there have been. */
  #count = 0;

  /** @param onended called when a worker has ended */
  constructor(scheduler: Scheduler, queue: ItemSource<T>, onended: () => void) {
    this.#scheduler = scheduler;
    this.#queue = queue;
    this.#onended = onended;
  }

  /** How many workers have not ended. */
  get size(): number {
    return this.#tasks.size;
  }

  /** The workers that have not ended. */
  list(): Task[] {
    return [...this.#tasks];
  }

  /** Starts a worker that calls `fn` with each item that it pops. */
  add(fn: (item: T) => unknown): Task {
    const name = `${this.#queue.name}:worker_${++this.#count}`;
    return this.#scheduler.spawn(name, () => this.#work(fn));
  }

  async #work(fn: (item: T) => unknown): Promise<void> {
    const task = this.#scheduler.current;
    this.#tasks.add(task);
    try {
      for (let next; !(next = await this.#queue.next()).done;) {
        await this.#handle(next.value, fn, task);
      }
    } finally {
      this.#tasks.delete(task);
      this.#onended();
    }
  }

  async #handle(
    carried: Carried<T>,
    fn: (item: T) => unknown,
    task: Thread,
  ): Promise<void> {
    try {
      await (carried instanceof TracedItem
        ? this.#handleTraced(carried, fn)
        : fn(carried));
    } catch (error) {
      // The end of a worker that was removed is not an error.
      if (task.removed && error instanceof CancelledError) throw error;
      this.#scheduler.report(error, task, task.socket);
    }
  }

  /** Handles an item within a span, which belongs to the one in which it was pushed. */
  async #handleTraced(
    { item, context }: TracedItem<T>,
    fn: (item: T) => unknown,
  ): Promise<void> {
    const { name } = this.#queue;
    const activity = this.#scheduler.tracer?.begin({
      kind: "item",
      name: `process ${name}`,
      attributes: {
        "messaging.system": "copas",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": name,
      },
      context,
    });
    if (activity === undefined) return void await fn(item);
    try {
      await activity.run(() => fn(item));
      activity.end();
    } catch (error) {
      activity.end(error);
      throw error;
    }
  }
}
