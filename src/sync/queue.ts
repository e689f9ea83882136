/**
 * The queue: items that some threads push and others pop, and workers that
 * handle them.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import { checkFunction } from "../errors/arguments.ts";
import { DestroyedError } from "../errors/errors.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { HandOff } from "./hand_off.ts";
import { QueueCompletion } from "./queue_completion.ts";
import { type Carried, traced, untraced } from "./item_store.ts";
import { QueueWorkers } from "./queue_workers.ts";

/** How a queue is made. */
export interface QueueOptions {
  /** The queue's name, for messages and for its workers' names. Default: `copas_queue_1` and so on. */
  name?: string;
  /** How many items it holds, from 1 on; `push` waits while it is full. Default: `Infinity`, no limit. */
  maxsize?: number;
}

/**
 * A queue: first in, first out, for the items as well as for the threads.
 *
 * An item can be anything. One that is a promise, or a future, is awaited by
 * `pop`, as promises are: push an object that has it as a property instead.
 *
 * @example Two workers
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const jobs = copas.queue.new<string>({ name: "jobs" });
 * for (let i = 0; i < 2; i++) {
 *   jobs.addworker(async (job) => {
 *     await copas.pause(1);
 *     console.log(`${copas.getthreadname()} did ${job}`);
 *   });
 * }
 * copas.addthread(async () => {
 *   for (const job of ["a", "b", "c"]) await jobs.push(job);
 *   await jobs.finish();
 * });
 * await copas.loop();
 * ```
 */
export class Queue<T = unknown> implements AsyncIterable<T> {
  /** The queue's name, for messages and for its workers' names. */
  readonly name: string;
  /** How many items it holds; `Infinity` when there is no limit. */
  readonly maxsize: number;
  readonly #scheduler: Scheduler;
  readonly #handOff: HandOff<Carried<T>>;
  readonly #workers: QueueWorkers<T>;
  readonly #completion: QueueCompletion<Carried<T>>;

  /** @ignore Only `copas.queue.new()` calls it. */
  constructor(scheduler: Scheduler, name: string, maxsize: number) {
    this.name = name;
    this.maxsize = maxsize;
    const update = () => this.#completion.update();
    const handOff = new HandOff<Carried<T>>(scheduler, this, maxsize, update);
    const items = { name, next: () => this.#nextOf(handOff.pop(Infinity)) };
    const workers = new QueueWorkers<T>(scheduler, items, update);
    this.#scheduler = scheduler;
    this.#handOff = handOff;
    this.#workers = workers;
    this.#completion = new QueueCompletion(scheduler, this, handOff, workers);
  }

  /**
   * Puts an item at the end of the queue; waits while the queue is full.
   *
   * @param item the item
   * @param timeout seconds to wait for room at most, or an object with
   * `timeout` and `signal`. 0 does not wait; `Infinity` or a negative number
   * waits without limit, and such a wait does not keep `loop()` going. Default:
   * without limit
   * @returns `true`
   * @throws {TimeoutError} when the queue was full all the time
   * @throws {DestroyedError} when the queue was stopped or destroyed, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   */
  push(item: T, timeout?: number | WaitOptions): Promise<true> {
    const { tracer } = this.#scheduler;
    const carried = tracer === undefined ? item : traced(item, tracer);
    return this.#handOff.push(carried, timeout);
  }

  /**
   * Takes the first item; waits while there is none.
   *
   * Don't give it to `Promise.race`: a pop that is not first goes on, and takes
   * the next item. `copas.race` withdraws it.
   *
   * @param timeout seconds to wait for an item at most, or an object with
   * `timeout` and `signal`. 0 does not wait; `Infinity` or a negative number
   * waits without limit, and such a wait does not keep `loop()` going. Default: 10
   * @returns the item
   * @throws {TimeoutError} when no item came
   * @throws {DestroyedError} when the queue was destroyed, or is stopped and
   * empty, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   */
  pop(timeout?: number | WaitOptions): Promise<T> {
    const popped = this.#handOff.pop(timeout);
    // Only an instrumentation puts more than the items into the queue.
    if (this.#scheduler.tracer === undefined) return popped as Promise<T>;
    return popped.then(untraced);
  }

  /**
   * Pops one item after the other, without a limit of time, for `for await`.
   *
   * @returns the iterator. It ends when the queue is stopped and empty, or
   * destroyed; a thread that was removed gets a `CancelledError` from `next()`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const lines = copas.queue.new<string>();
   * copas.addthread(async () => {
   *   for await (const line of lines) console.log(line);
   *   console.log("no more");
   * });
   * copas.addthread(async () => {
   *   await lines.push("first");
   *   lines.stop();
   * });
   * await copas.loop();
   * ```
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return { next: () => this.#nextOf(this.pop(Infinity)) };
  }

  async #nextOf<I>(popped: Promise<I>): Promise<IteratorResult<I, undefined>> {
    try {
      return { done: false, value: await popped };
    } catch (error) {
      if (!(error instanceof DestroyedError)) throw error;
      return { done: true, value: undefined };
    }
  }

  /**
   * Starts a thread that pops items and calls `fn` with each, one after the other.
   *
   * When `fn` fails, the error goes to the thread's error handler, and the
   * worker goes on with the next item. It ends with the queue, or when it is
   * removed. A worker that waits for an item does not keep `loop()` going.
   *
   * @param fn what handles an item; it may wait
   * @returns the thread; its name is that of the queue with `:worker_1` and so on
   * @throws {TypeError} when `fn` is not a function
   * @throws {DestroyedError} when the queue was destroyed, or is stopped and empty
   */
  addworker(fn: (item: T) => unknown): Task {
    checkFunction("addworker()", "fn", fn);
    this.#checkAlive("add a worker to");
    return this.#workers.add(fn);
  }

  /**
   * Lists the queue's workers.
   *
   * @returns the threads of the workers that have not ended
   * @throws {DestroyedError} when the queue was destroyed, or is stopped and empty
   */
  getworkers(): Task[] {
    this.#checkAlive("list the workers of");
    return this.#workers.list();
  }

  /**
   * Counts the items that wait to be popped.
   *
   * @returns how many there are
   * @throws {DestroyedError} when the queue was destroyed, or is stopped and empty
   */
  getsize(): number {
    this.#checkAlive("count the items of");
    return this.#handOff.size;
  }

  /**
   * Takes no more items. Those that are there can still be popped; with the
   * last of them the queue is destroyed. Pushes that wait for room get a
   * `DestroyedError`.
   *
   * @returns `true`
   * @throws {DestroyedError} when the queue was destroyed, or is stopped and empty
   */
  stop(): true {
    this.#checkAlive("stop");
    this.#handOff.stop();
    return true;
  }

  /**
   * Takes no more items, and waits until all are popped and the workers have ended.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going. Default: 10
   * @param nodestroyontimeout whether the queue is left stopped, with its
   * items, when the call times out. Default: `false`, it is destroyed
   * @returns `true`
   * @throws {TimeoutError} when items or workers are left after that time
   * @throws {DestroyedError} when the queue was destroyed, or is stopped and
   * empty without workers, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   */
  finish(
    timeout?: number | WaitOptions,
    nodestroyontimeout = false,
  ): Promise<true> {
    return this.#completion.finish(timeout, !nodestroyontimeout);
  }

  /**
   * Ends the queue and forgets its items: all threads that wait get a
   * `DestroyedError`, and so does every later call. Workers end with the item
   * that they handle.
   *
   * @returns `true`
   * @throws {DestroyedError} when the queue was destroyed before, or is stopped and empty
   */
  destroy(): true {
    this.#checkAlive("destroy");
    this.#completion.destroy();
    return true;
  }

  /**
   * Describes the queue, for messages and logs.
   *
   * @returns its name, how many items and workers there are, and how many
   * threads wait: `"jobs: 0 items, 2 workers, 2 waiting"`
   */
  toString(): string {
    const { state, hasEnded, waiting } = this.#handOff;
    if (hasEnded) return `${this.name}: destroyed`;
    const prefix = state === "stopping" ? "stopping, " : "";
    const rest = this.#completion.describeRest();
    return `${this.name}: ${prefix}${rest}, ${waiting} waiting`;
  }

  #checkAlive(call: string): void {
    if (this.#handOff.hasEnded) throw this.#handOff.endedError(call);
  }
}
