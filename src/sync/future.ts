/**
 * The future: a thread whose result other threads wait for.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import type { Thread } from "../core/thread.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { FutureState, type Outcome } from "./future_state.ts";
import type { UnobservedErrors } from "./unobserved_errors.ts";

/**
 * The result of a thread. `await` it, or call `get`.
 *
 * An error of the thread goes to every caller that asks for the result. If none
 * asks, the thread's error handler gets it, once: when the thread that made the
 * future has ended, 10 seconds after the error, or when the dispatcher exits,
 * whichever comes first. For a future that code outside every thread made: as
 * soon as that code waits for nothing of Copas's. A caller that asks after that
 * still gets the error.
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
  readonly #state: FutureState<T>;
  readonly #task: Thread;

  /** @ignore Only `copas.future.addthread()` and `copas.future.addnamedthread()` call it. */
  constructor(
    scheduler: Scheduler,
    errors: UnobservedErrors,
    name: string | undefined,
    body: () => T | PromiseLike<T>,
  ) {
    const describe = () => `the result of ${this.#task.name}`;
    this.#state = new FutureState(scheduler, errors, this, describe);
    this.#task = scheduler.spawn(name, () => this.#run(scheduler, body));
  }

  /** The future's thread. When it is removed, the future fails with its `CancelledError`. */
  get task(): Task {
    return this.#task;
  }

  async #run(
    scheduler: Scheduler,
    body: () => T | PromiseLike<T>,
  ): Promise<void> {
    const thread = scheduler.current;
    try {
      this.#state.succeed(await body());
    } catch (error) {
      // When the future was cancelled, the error is the thread's own.
      if (!this.#state.fail(error, thread)) throw error;
    }
  }

  /**
   * Waits for the result.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going (the future's thread
   * does). Default: without limit
   * @returns what the thread's function returned
   * @throws {TimeoutError} when the thread had not ended in that time
   * @throws {CancelledError} when the future was cancelled, or its thread was
   * removed; when the waiting thread was removed or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   * @throws {Error} what the thread's function threw, whatever it is
   */
  get(timeout?: number | WaitOptions): Promise<T> {
    return this.#state.get(timeout);
  }

  /**
   * Looks at the result without waiting. An error counts as asked for then.
   *
   * @returns `[PENDING]` while the thread runs, `[SUCCESS, value]` or
   * `[ERROR, error]`, with the constants of `copas.future`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const future = copas.future.addthread(() => 42);
   * await copas.pause(1);
   * const [status, value] = future.try();
   * if (status === copas.future.SUCCESS) console.log(value); // 42
   * ```
   */
  try(): Outcome<T> {
    return this.#state.observe();
  }

  /**
   * Removes the thread, and lets the future fail: all callers that ask for the
   * result get a `CancelledError`, now and later. What the thread returns or
   * throws after that is not the future's result any more.
   *
   * @returns whether there was anything to cancel: `false` when the thread had
   * come to its end, or the future was cancelled before
   */
  cancel(): boolean {
    if (!this.#state.isPending) return false;
    this.#task.cancel();
    return this.#state.cancel();
  }

  /**
   * Waits for the result without limit, for `await future`.
   *
   * @param onfulfilled called with what the thread's function returned. Default:
   * the promise gets that
   * @param onrejected called with what the thread's function threw, or with a
   * `CancelledError` when the future was cancelled, its thread or the waiting
   * thread removed. Default: the promise gets that error
   * @returns a promise of what the called function returns
   */
  then<A = T, B = never>(
    onfulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onrejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.get().then(onfulfilled, onrejected);
  }

  /**
   * Describes the future, for messages and logs.
   *
   * @returns the name of its thread, and whether it is pending, has a result,
   * or failed: `"future of thread_1: pending, 2 waiting"`
   */
  toString(): string {
    return `future of ${this.#task.name}: ${this.#state}`;
  }
}
