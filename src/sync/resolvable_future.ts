/**
 * A future without a thread: its result comes from outside.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { FutureState, type Outcome } from "./future_state.ts";
import type { UnobservedErrors } from "./unobserved_errors.ts";

/**
 * A result that a thread, or a callback of any library, gives by `resolve` or
 * `reject`, and for which other threads wait: `await` it, or call `get`.
 *
 * An error that no thread asks for goes to the error handler of the thread that
 * made the future, once, and when it does for a {@linkcode Future}.
 *
 * @example A callback
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const ready = copas.future.new<string>();
 * setTimeout(() => ready.resolve("hello"), 100);
 * console.log(await ready.get(5)); // hello
 * ```
 */
export class ResolvableFuture<T> implements PromiseLike<T> {
  readonly #state: FutureState<T>;

  /** @ignore Only `copas.future.new()` calls it. */
  constructor(scheduler: Scheduler, errors: UnobservedErrors) {
    const describe = () => "the result of the future";
    this.#state = new FutureState<T>(scheduler, errors, this, describe);
  }

  /**
   * Gives the result: all threads that wait go on.
   *
   * @param value the result
   * @returns whether it was taken: `false` when the future had a result or an
   * error before
   */
  resolve(value: T): boolean {
    return this.#state.succeed(value);
  }

  /**
   * Lets the future fail: all threads that wait get the error.
   *
   * @param error the error
   * @returns whether it was taken: `false` when the future had a result or an
   * error before
   */
  reject(error: unknown): boolean {
    return this.#state.fail(error);
  }

  /**
   * Lets the future fail: all callers that ask for the result get a
   * `CancelledError`, now and later.
   *
   * @returns whether there was anything to cancel: `false` when the future had
   * a result or an error before
   */
  cancel(): boolean {
    return this.#state.cancel();
  }

  /**
   * Waits for the result.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going. Default: without limit
   * @returns what `resolve` was called with
   * @throws {TimeoutError} when there was no result in that time
   * @throws {CancelledError} when the future was cancelled, the waiting thread
   * removed, or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   * @throws {Error} what `reject` was called with, whatever it is
   */
  get(timeout?: number | WaitOptions): Promise<T> {
    return this.#state.get(timeout);
  }

  /**
   * Looks at the result without waiting. An error counts as asked for then.
   *
   * @returns `[PENDING]` while there is none, `[SUCCESS, value]` or
   * `[ERROR, error]`, with the constants of `copas.future`
   */
  try(): Outcome<T> {
    return this.#state.observe();
  }

  /**
   * Waits for the result without limit, for `await future`.
   *
   * @param onfulfilled called with the result. Default: the promise gets that
   * @param onrejected called with the error. Default: the promise gets that
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
   * @returns whether it is pending, has a result, or failed:
   * `"future: pending, 2 waiting"`
   */
  toString(): string {
    return `future: ${this.#state}`;
  }
}
