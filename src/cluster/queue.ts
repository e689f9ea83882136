/**
 * A queue that processes and machines share.
 *
 * @module
 */

import type { Task } from "../core/task.ts";
import type { WaitOptions } from "../errors/wait_options.ts";

/**
 * What `copas.queue` and a cluster's queue have in common: a program that needs
 * no more can be given either.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import type { JobQueue } from "jsr:@copas/copas/cluster";
 *
 * function serve(jobs: JobQueue<string>): void {
 *   jobs.addworker(async (job) => {
 *     await copas.pause(0.1);
 *     console.log(job);
 *   });
 * }
 *
 * serve(copas.queue.new<string>());
 * ```
 */
export interface JobQueue<T> extends AsyncIterable<T> {
  /** The queue's name. */
  readonly name: string;
  /** How many items it holds at most; `Infinity` when there is no limit. */
  readonly maxsize: number;
  /**
   * Puts an item at the end of the queue; waits while the queue is full.
   *
   * @param item the item
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: no limit
   * @returns `true`
   * @throws {TimeoutError} when the time was up
   * @throws {DestroyedError} when the queue was stopped
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  push(item: T, timeout?: number | WaitOptions): Promise<true>;
  /**
   * Takes the first item; waits while there is none.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: 10
   * @returns the item
   * @throws {TimeoutError} when no item came
   * @throws {DestroyedError} when the queue was stopped
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  pop(timeout?: number | WaitOptions): Promise<T>;
  /**
   * Starts a thread that calls `fn` with one item after the other.
   *
   * @param fn what handles an item; it may wait
   * @returns the thread
   * @throws {TypeError} when `fn` is not a function
   * @throws {DestroyedError} when the queue was stopped
   */
  addworker(fn: (item: T) => unknown): Task;
  /**
   * Lists the workers that this program has started.
   *
   * @returns their threads
   */
  getworkers(): Task[];
  /**
   * Takes no more items, and waits until all are done and the workers have ended.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: 10
   * @returns `true`
   * @throws {TimeoutError} when items are left after that time
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  finish(timeout?: number | WaitOptions): Promise<true>;
}

/** How a cluster's queue is made. */
export interface ClusterQueueOptions<T> {
  /** The queue's name, the same in all programs that share it: letters, digits, `_` and `-`. */
  name: string;
  /** Seconds for which a job belongs to the worker that has it, at least 0.5. The lease is renewed while the worker works, and lapses when its process is gone. Default: 30. */
  lease?: number;
  /** How often a job is tried. A job that has failed so often goes to `dead`. Default: without limit. */
  attempts?: number;
  /** The name of the queue that takes what has failed `attempts` times. Needed with `attempts`: nothing is thrown away. */
  dead?: string;
  /** How many items the queue holds at most; `push` waits while it is full. Default: what another program has said, or `Infinity`. */
  maxsize?: number;
  /** Seconds until a job that has failed is tried again, by the number of the attempt that failed. Default: 1, 2, 4 and so on up to 60. */
  backoff?: (attempt: number) => number;
  /** Seconds for which an `id` is remembered after its push, also when the job is done. Default: 120. */
  remember?: number;
  /** How items become bytes. Default: JSON. */
  codec?: Codec<T>;
}

/** How values become bytes, and bytes values. */
export interface Codec<T> {
  /**
   * Makes bytes of a value.
   *
   * @param value the value
   * @returns the bytes
   * @throws {Error} when the value has no such form: the push fails with it
   */
  encode(value: T): Uint8Array;
  /**
   * Makes a value of bytes.
   *
   * @param bytes what `encode` made, perhaps in another program
   * @returns the value
   * @throws {Error} when they are none: the job fails with it, as if its worker had
   */
  decode(bytes: Uint8Array): T;
}

/** How an item is pushed. */
export interface PushOptions extends WaitOptions {
  /** Identifies the item: of several pushes with the same one, one is stored. 1 to 1024 characters without line breaks. Default: one of its own for each call. */
  id?: string;
}

/** What a worker knows of its job beside the item. */
export interface Job {
  /** The number of this attempt, from 1 on. */
  readonly attempt: number;
  /** The `id` with which the item was pushed, or the one that the push made up. */
  readonly id: string;
  /** Aborts when the lease is lost: another worker may get the job, and this one is to stop. */
  readonly signal: AbortSignal;
}

/**
 * A queue that processes and machines share. Its promise is "at least once": an
 * item that was pushed is handed to workers until one of them has done it, and a
 * failure at the wrong moment lets it be done twice.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { connect } from "jsr:@copas/copas/cluster/nats";
 *
 * await using cluster = await connect("nats://10.0.0.5:4222", { copas });
 * const mails = cluster.queue<{ to: string }>({
 *   name: "mails",
 *   attempts: 5,
 *   dead: "mails_dead",
 * });
 * await mails.push({ to: "ann@example.com" }, { id: "welcome ann" });
 * mails.addworker(async ({ to }, { attempt, signal }) => {
 *   console.log(`mail to ${to}, attempt ${attempt}`);
 *   await copas.pause(1, { signal });
 * });
 * await copas.loop();
 * ```
 */
export interface ClusterQueue<T> extends JobQueue<T> {
  /**
   * Puts an item at the end of the queue. Waits while the queue is full, and
   * while the engine can't be reached.
   *
   * After a timeout the item may be stored or not: its answer was lost. Push it
   * again with the same `id`, and it is stored once.
   *
   * @param item the item
   * @param options seconds to wait at most, or an object with `id`, `timeout`
   * and `signal`. Default: no limit
   * @returns `true`, when the engine has stored the item
   * @throws {TimeoutError} when the time was up
   * @throws {TooLongError} when the item has more bytes than the engine takes
   * @throws {DestroyedError} when the queue was stopped
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {EngineError} when the engine refuses
   * @throws {TypeError} when an option is unknown or of the wrong type
   */
  push(item: T, options?: number | PushOptions): Promise<true>;
  /**
   * Takes the first item off the queue; waits while there is none.
   *
   * It is gone from the queue when it is returned: should this process die, no
   * other one gets it. A worker is what makes sure that it is done.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: 10
   * @returns the item
   * @throws {TimeoutError} when no item came
   * @throws {DestroyedError} when the queue was stopped
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  pop(timeout?: number | WaitOptions): Promise<T>;
  /**
   * Starts a thread that takes one job after the other and calls `fn` with it.
   *
   * When `fn` returns, the job is done. When it throws, or when it returns after
   * its `signal` has aborted, the job is tried again; the error goes to the
   * thread's error handler. A worker keeps `loop()` going, as a server does;
   * after `exit()` it finishes the job that it has and ends.
   *
   * @param fn what does a job; it may wait
   * @returns the thread; its name is that of the queue with `:worker_1` and so on
   * @throws {TypeError} when `fn` is not a function
   * @throws {DestroyedError} when the queue was stopped
   */
  addworker(fn: (item: T, job: Job) => unknown): Task;
  /**
   * Counts the items, those that workers have among them.
   *
   * @param options seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: no limit
   * @returns how many there are
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  getsize(options?: number | WaitOptions): Promise<number>;
  /**
   * Ends this program's part: workers finish the job that they have, and take
   * no more. What is in the queue stays there for other programs.
   *
   * @returns `true`
   */
  stop(): true;
}
