/**
 * The future: a thread whose result others wait for.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import type { Thread } from "../core/thread.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { CancelledError } from "../errors/errors.ts";
import { readLimit, rejected, Waiters } from "./waiters.ts";
import type { UnaskedError, UnaskedErrors } from "./unasked_errors.ts";

// The constants of `copas.future`, with the values that they have in Copas.
const PENDING = false;
const SUCCESS = true;
const ERROR = "error";

/** What `future.try()` returns: that it is pending, the result, or the error. */
export type Outcome<T> =
  | [status: false]
  | [status: true, value: T]
  | [status: "error", error: unknown];

/**
 * The result of a thread. `await` it, or call `get`.
 *
 * An error of the thread goes to those who ask. One that nobody asks for goes
 * to the thread's error handler, once: when the thread that made the future has
 * ended, 10 seconds after the error, or when the dispatcher exits, whichever
 * comes first. For a future that code outside every thread made: as soon as
 * that code waits for nothing of Copas's. Who asks after that still gets it.
 *
 * @example Two things at once
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * async function lookUp(name: string): Promise<number> {
 *   await copas.pause(1);
 *   return name.length;
 * }
 *
 * const first = copas.future.addthread(lookUp, "one");
 * const second = copas.future.addthread(lookUp, "three");
 * console.log(await first + await second); // 8, after one second
 * ```
 */
export class Future<T> implements PromiseLike<T> {
  readonly #scheduler: Scheduler;
  readonly #line: Waiters<T>;
  /** Who made the future. */
  readonly #creator: Thread;
  readonly #task: Thread;
  readonly #errors: UnaskedErrors;
  #outcome: Outcome<T> = [PENDING];
  #unasked?: UnaskedError;

  /** For Copas itself: use `copas.future.addthread()`. */
  constructor(
    scheduler: Scheduler,
    errors: UnaskedErrors,
    name: string | undefined,
    body: () => T | PromiseLike<T>,
  ) {
    this.#errors = errors;
    this.#scheduler = scheduler;
    this.#line = new Waiters(scheduler, this, { failure: () => this.#failure });
    this.#creator = scheduler.current;
    this.#task = scheduler.spawn(name, () => this.#run(body));
  }

  /** The thread. When it is removed, the future fails with its `CancelledError`. */
  get task(): Task {
    return this.#task;
  }

  async #run(body: () => T | PromiseLike<T>): Promise<void> {
    const task = this.#scheduler.current;
    try {
      this.#succeed(await body());
    } catch (error) {
      // Of a future that was cancelled, the thread's error handler hears.
      if (this.#outcome[0] !== PENDING) throw error;
      this.#fail(error, task);
    }
  }

  #succeed(value: T): void {
    if (this.#outcome[0] !== PENDING) return;
    this.#outcome = [SUCCESS, value];
    for (const wait of this.#line) wait.resolveLater(value);
    this.#line.dispose();
  }

  #fail(error: unknown, task: Thread): void {
    this.#outcome = [ERROR, error];
    const isAsked = this.#line.first !== undefined;
    const isEnd = task.removed && error instanceof CancelledError;
    this.#line.dissolve(() => error);
    if (isAsked || isEnd) return;
    this.#unasked = this.#errors.add(
      this.#creator,
      () => this.#scheduler.report(error, task, task.socket),
    );
  }

  /**
   * Waits for the result.
   *
   * @param timeout seconds to wait at most; 0 does not wait. Or an object with
   * `timeout` and `signal`. Default: for ever, and such a wait does not keep
   * `loop()` going; the thread does
   * @returns what the thread's function returned
   * @throws what the function threw
   * @throws {CancelledError} when the future was cancelled, or its thread was
   * removed; when the waiting thread was removed or the signal aborted
   * @throws {TimeoutError} when the time was up
   */
  get(timeout?: number | WaitOptions): Promise<T> {
    try {
      return this.#get(timeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #get(timeout?: number | WaitOptions): Promise<T> {
    const limit = readLimit("get()", timeout, Infinity);
    const refused = this.#line.refusal(undefined, limit.signal);
    if (refused !== undefined) return rejected(refused);
    const [status, value] = this.try();
    if (status === SUCCESS) return Promise.resolve(value);
    if (status === ERROR) return rejected(value);
    return limit.seconds === 0
      ? rejected(this.#line.timeoutError(undefined, 0))
      : this.#line.join(undefined, limit);
  }

  /** How it stands: `[PENDING]`, `[SUCCESS, value]` or `[ERROR, error]`, with the constants of `copas.future`. */
  try(): Outcome<T> {
    this.#unasked?.asked();
    this.#unasked = undefined;
    return this.#outcome;
  }

  /**
   * Removes the thread, and lets the future fail: all who wait for it get a
   * `CancelledError`, now and later. What the thread returns or throws after
   * that is not the future's result any more.
   *
   * @returns whether there was anything to cancel: `false` when the thread had
   * come to its end, or the future was cancelled before
   */
  cancel(): boolean {
    if (this.#outcome[0] !== PENDING) return false;
    const error = () =>
      new CancelledError(`${this.#failure}: the future was cancelled`);
    this.#outcome = [ERROR, error()];
    this.#task.cancel();
    this.#line.dissolve(error);
    return true;
  }

  /** For `await`: waits for the result as `get()` does. */
  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.get().then(onfulfilled, onrejected);
  }

  get #failure(): string {
    return `Cannot get the result of ${this.#task.name}`;
  }

  /** The name of the thread, and how it stands. */
  toString(): string {
    const [status] = this.#outcome;
    const how = status === PENDING
      ? `pending, ${this.#line.size} waiting`
      : status === SUCCESS
      ? "has a result"
      : "failed";
    return `future of ${this.#task.name}: ${how}`;
  }
}
