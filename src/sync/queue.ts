/**
 * The queue: items that some threads push and others pop, and workers that
 * handle them.
 *
 * @module
 */

import { checkFunction } from "../errors/arguments.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import type { Thread } from "../core/thread.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { CancelledError, DestroyedError } from "../errors/errors.ts";
import { HandOff } from "./hand_off.ts";
import { readLimit, rejected, Waiters } from "./waiters.ts";

/** How a queue is made. */
export interface QueueOptions {
  /** The queue's name, for messages and for its workers' names. Default: `copas_queue_1` and so on. */
  name?: string;
  /** How many items it holds; `push` waits while it is full. Default: no limit. */
  maxsize?: number;
}

/** Seconds that `finish` waits when it is not told otherwise. */
const USUAL = 10;

/** A finish that did not wait. */
const AT_ONCE = Promise.resolve(true as const);

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
  /** How many items it holds. */
  readonly maxsize: number;
  readonly #scheduler: Scheduler;
  readonly #channel: HandOff<T>;
  /** Those who wait for the finish, and whether the queue is destroyed when they give up. */
  readonly #finishers: Waiters<true, boolean>;
  readonly #workers = new Set<Task>();
  /** How many workers there have been. */
  #count = 0;

  /** For Copas itself: use `copas.queue.new()`. */
  constructor(scheduler: Scheduler, name: string, maxsize: number) {
    this.name = name;
    this.maxsize = maxsize;
    this.#scheduler = scheduler;
    this.#channel = new HandOff(
      scheduler,
      this,
      maxsize,
      () => this.#workEnded(),
    );
    this.#finishers = new Waiters(scheduler, this, {
      failure: () => `Cannot finish ${name}`,
      reason: () => `left are ${this.#counts()}`,
      expired: (wait) => {
        if (wait.detail) this.#destroy();
      },
    });
  }

  /**
   * Puts an item at the end of the queue; waits while the queue is full.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: for ever, and such a wait does not keep `loop()` going
   * @returns `true`
   * @throws {DestroyedError} when the queue was stopped or destroyed, also while the push waits
   * @throws {TimeoutError} when the queue was full all the time
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  push(item: T, timeout?: number | WaitOptions): Promise<true> {
    try {
      return this.#channel.push(item, timeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes the first item; waits while there is none.
   *
   * @param timeout seconds to wait at most; 0 does not wait, `Infinity` or a
   * negative number waits for ever, and such a wait does not keep `loop()`
   * going. Or an object with `timeout` and `signal`. Default: 10
   * @returns the item
   * @throws {TimeoutError} when no item came
   * @throws {DestroyedError} when the queue was destroyed, or is stopped and empty
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  pop(timeout?: number | WaitOptions): Promise<T> {
    try {
      return this.#channel.pop(timeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * The items, as they come: each turn of the loop pops one. It ends when the
   * queue is stopped and empty, or destroyed.
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
    return { next: () => this.#next() };
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    try {
      return { done: false, value: await this.pop(Infinity) };
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
   * @returns the thread; its name is that of the queue with `:worker_1` and so on
   * @throws {DestroyedError} when the queue was destroyed
   */
  addworker(fn: (item: T) => unknown): Task {
    checkFunction("addworker()", "fn", fn);
    this.#checkAlive("add a worker to");
    const name = `${this.name}:worker_${++this.#count}`;
    return this.#scheduler.spawn(name, () => this.#work(fn));
  }

  async #work(fn: (item: T) => unknown): Promise<void> {
    const task = this.#scheduler.current;
    this.#workers.add(task);
    try {
      for await (const item of this) await this.#handle(item, fn, task);
    } finally {
      this.#workers.delete(task);
      this.#workEnded();
    }
  }

  async #handle(
    item: T,
    fn: (item: T) => unknown,
    task: Thread,
  ): Promise<void> {
    try {
      await fn(item);
    } catch (error) {
      // The end of a worker that was removed is not an error.
      if (task.removed && error instanceof CancelledError) throw error;
      this.#scheduler.report(error, task, task.socket);
    }
  }

  /**
   * The workers that have not ended.
   *
   * @throws {DestroyedError} when the queue was destroyed
   */
  getworkers(): Task[] {
    this.#checkAlive("list the workers of");
    return [...this.#workers];
  }

  /**
   * How many items wait to be popped.
   *
   * @throws {DestroyedError} when the queue was destroyed
   */
  getsize(): number {
    this.#checkAlive("count the items of");
    return this.#channel.size;
  }

  /**
   * Takes no more items. Those that are there can still be popped; with the
   * last of them the queue is destroyed. Pushes that wait for room fail.
   *
   * @returns `true`
   * @throws {DestroyedError} when the queue was destroyed
   */
  stop(): true {
    this.#checkAlive("stop");
    this.#channel.stop();
    return true;
  }

  /**
   * Takes no more items, and waits until all are popped and the workers have
   * handled theirs.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: 10
   * @param nodestroyontimeout whether the queue is left stopped, with its
   * items, when the time is up. Default: `false`, it is destroyed
   * @returns `true`
   * @throws {TimeoutError} when the time was up
   * @throws {DestroyedError} when the queue was destroyed, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  finish(
    timeout?: number | WaitOptions,
    nodestroyontimeout = false,
  ): Promise<true> {
    try {
      return this.#finish(timeout, nodestroyontimeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #finish(
    timeout: number | WaitOptions | undefined,
    nodestroyontimeout: boolean,
  ): Promise<true> {
    const limit = readLimit("finish()", timeout, USUAL);
    const { state } = this.#channel;
    const refused =
      state === "destroyed" || (state === "drained" && this.#workers.size === 0)
        ? this.#channel.endedError(`Cannot finish ${this.name}`)
        : this.#finishers.refusal(false, limit.signal);
    if (refused !== undefined) return rejected(refused);
    this.#channel.stop();
    if (this.#channel.hasEnded && this.#workers.size === 0) return AT_ONCE;
    const destroys = !nodestroyontimeout;
    if (limit.seconds > 0) return this.#finishers.join(destroys, limit);
    const failed = rejected(this.#finishers.timeoutError(destroys, 0));
    if (destroys) this.#destroy();
    return failed;
  }

  /** The last item was popped, or a worker has ended: perhaps all is done. */
  #workEnded(): void {
    if (this.#channel.state !== "drained" || this.#workers.size > 0) return;
    for (const wait of this.#finishers) wait.resolveLater(true);
  }

  /**
   * Ends the queue and forgets its items: all who wait get a `DestroyedError`,
   * and so does every later call. Workers end with the item that they handle.
   *
   * @returns `true`
   * @throws {DestroyedError} when it was destroyed before
   */
  destroy(): true {
    this.#checkAlive("destroy");
    this.#destroy();
    return true;
  }

  #destroy(): void {
    this.#channel.destroy();
    this.#finishers.dissolve(() =>
      this.#channel.endedError(`Cannot finish ${this.name}`)
    );
  }

  /** The queue's name, how many items there are, how many workers, and how many threads wait. */
  toString(): string {
    const { state, waiting } = this.#channel;
    if (this.#channel.hasEnded) return `${this.name}: destroyed`;
    const how = state === "stopping" ? "stopping, " : "";
    return `${this.name}: ${how}${this.#counts()}, ${waiting} waiting`;
  }

  #counts(): string {
    const count = (n: number, noun: string) =>
      `${n} ${noun}${n === 1 ? "" : "s"}`;
    return `${count(this.#channel.size, "item")}, ${
      count(this.#workers.size, "worker")
    }`;
  }

  #checkAlive(call: string): void {
    if (!this.#channel.hasEnded) return;
    throw this.#channel.endedError(`Cannot ${call} ${this.name}`);
  }
}
