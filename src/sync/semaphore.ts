/**
 * The semaphore: a number of resources that threads take and give back.
 *
 * @module
 */

import { settleRace } from "../core/race_signal.ts";
import type { Scheduler } from "../core/scheduler.ts";
import {
  checkDelay,
  checkFunction,
  checkInteger,
  outOfRange,
} from "../errors/arguments.ts";
import { DestroyedError, TooManyError } from "../errors/errors.ts";
import {
  readWaitOptions,
  type WaitLimit,
  type WaitOptions,
} from "../errors/wait_options.ts";
import { Held } from "./held.ts";
import { Waiters } from "./waiters.ts";
import { rejectedCall, resolvedTrue } from "../core/immediate_call.ts";

/** How a semaphore is made. */
export interface SemaphoreOptions {
  /** How many resources there are at first. Default: 0. */
  start?: number;
  /** Seconds that `take` waits when the caller names no timeout; `Infinity` is without limit. Default: 10. */
  timeout?: number;
  /** The semaphore's name, for messages. Default: `semaphore_1` and so on. */
  name?: string;
}

/**
 * A semaphore: a number of resources, at most `max`. Threads take some of them,
 * or wait until there are enough, in the order in which they came: a small
 * request does not overtake a big one.
 *
 * @example At most two downloads at once
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const slots = copas.semaphore.new(2, 2);
 *
 * async function download(name: string): Promise<void> {
 *   using _slot = await slots.hold();
 *   await copas.pause(1);
 *   console.log(`${name} is here`);
 * }
 *
 * for (const name of ["a", "b", "c"]) copas.addthread(download, name);
 * await copas.loop();
 * ```
 */
export class Semaphore {
  /** The semaphore's name, for messages. */
  readonly name: string;
  /** How many resources it can hold. */
  readonly max: number;
  /** Seconds that `take`, `hold` and `with` wait when the caller names no timeout. */
  readonly timeout: number;
  readonly #scheduler: Scheduler;
  /** How long a call waits that names no timeout. */
  readonly #usualLimit: WaitLimit;
  /** The threads that wait, and how many resources each wants. */
  readonly #waiters: Waiters<true, number>;
  #count: number;
  #destroyed = false;

  /** @ignore Only `copas.semaphore.new()` calls it. */
  constructor(
    scheduler: Scheduler,
    name: string,
    max: number,
    options: SemaphoreOptions,
  ) {
    const { start = 0, timeout = 10 } = options;
    if (max !== Infinity) checkInteger("semaphore.new()", "max", max, 1);
    checkInteger("semaphore.new()", "start", start, 0);
    if (start > max) {
      throw outOfRange("semaphore.new()", "start", `at most ${max}`, start);
    }
    checkDelay("semaphore.new()", "the timeout", timeout);
    this.name = name;
    this.max = max;
    this.timeout = timeout;
    this.#scheduler = scheduler;
    this.#usualLimit = readWaitOptions("semaphore.new()", timeout);
    this.#waiters = new Waiters(scheduler, this, {
      messagePrefix: (n) => `Cannot take ${n} of ${this.name}`,
      abandoned: () => this.#serve(0),
      revoked: (wait) => this.#serve(wait.detail),
    });
    this.#count = start;
  }

  /**
   * Takes `n` resources; waits while there are not enough, or other threads wait.
   *
   * @param n how many resources, a whole number from 0 on. Default: 1
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going. Default: the
   * semaphore's `timeout`
   * @returns `true`
   * @throws {TooManyError} when `n` is more than the semaphore can hold
   * @throws {TimeoutError} when there were not enough resources all the time
   * @throws {DestroyedError} when the semaphore was destroyed, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when `n`, the timeout or the signal is of a wrong type
   * @throws {RangeError} when `n` is not a whole number from 0 on, or the timeout is `NaN`
   */
  take(n = 1, timeout?: number | WaitOptions): Promise<true> {
    // The common case: a resource is there, and no promise is made.
    if (
      n === 1 && timeout === undefined && this.#has(1) && !this.#destroyed &&
      !this.#scheduler.isCurrentRemoved && this.#scheduler.mayProceed()
    ) {
      this.#count--;
      return resolvedTrue;
    }
    try {
      return this.#take(n, timeout);
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  #take(n: number, timeout?: number | WaitOptions): Promise<true> {
    checkInteger("take()", "n", n, 0);
    const limit = timeout === undefined
      ? this.#usualLimit
      : readWaitOptions("take()", timeout, this.timeout);
    if (this.#destroyed) {
      throw this.#destroyedError(`Cannot take ${n} of ${this.name}`);
    }
    if (n > this.max) {
      throw new TooManyError(
        `Cannot take ${n} of ${this.name}: it holds at most ${this.max}`,
      );
    }
    this.#waiters.checkNotCancelled(n, limit.signal);
    if (!this.#has(n)) return this.#waiters.wait(n, limit);
    this.#count -= n;
    if (limit.signal !== undefined) settleRace(limit.signal);
    return this.#scheduler.mayProceed()
      ? resolvedTrue
      : this.#waiters.giveLater(n, true).promise;
  }

  /** Whether `n` resources are there, and no thread waits that came before. */
  #has(n: number): boolean {
    return this.#count >= n && this.#waiters.first === undefined;
  }

  /**
   * Gives `n` resources. The threads that wait get theirs first; of what is
   * left then the semaphore keeps as many as it can hold.
   *
   * @param n how many resources, a whole number from 0 on. Default: 1
   * @returns `true`
   * @throws {TooManyError} when more than `max` are left: then `max` are kept
   * @throws {DestroyedError} when the semaphore was destroyed
   * @throws {TypeError} when `n` is not a number
   * @throws {RangeError} when `n` is not a whole number from 0 on
   */
  give(n = 1): true {
    checkInteger("give()", "n", n, 0);
    if (this.#destroyed) {
      throw this.#destroyedError(`Cannot give ${n} to ${this.name}`);
    }
    const surplus = this.#serve(n);
    if (surplus === 0) return true;
    throw new TooManyError(
      `Cannot give ${n} to ${this.name}: it holds at most ${this.max}, ${surplus} are too many`,
    );
  }

  /**
   * Takes `n` resources until the end of the block:
   * `using held = await semaphore.hold()`.
   *
   * @param n how many resources, a whole number from 0 on. Default: 1
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going. Default: the
   * semaphore's `timeout`
   * @returns what gives the resources back, at the end of the block or by its `release()`
   * @throws {TooManyError} when `n` is more than the semaphore can hold
   * @throws {TimeoutError} when there were not enough resources all the time
   * @throws {DestroyedError} when the semaphore was destroyed, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when `n`, the timeout or the signal is of a wrong type
   * @throws {RangeError} when `n` is not a whole number from 0 on, or the timeout is `NaN`
   */
  async hold(n = 1, timeout?: number | WaitOptions): Promise<Held> {
    await this.take(n, timeout);
    return new Held(() => {
      if (!this.#destroyed) this.give(n);
    });
  }

  /**
   * Runs `fn` with one resource taken, and gives it back whether `fn` returns or throws.
   *
   * @param fn what to run; it may wait
   * @param timeout seconds to wait for the resource at most, or an object with
   * `timeout` and `signal`. 0 does not wait; `Infinity` or a negative number
   * waits without limit. Default: the semaphore's `timeout`
   * @returns what `fn` returns
   * @throws {TimeoutError} when there was no resource all the time
   * @throws {DestroyedError} when the semaphore was destroyed while the call waited, or before
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when `fn` is not a function, or the timeout or the
   * signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   * @throws {TooManyError} when the semaphore is full as the resource comes
   * back; and what `fn` throws
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const slots = copas.semaphore.new(2, 2);
   * for (const name of ["a", "b", "c"]) {
   *   copas.addthread(() =>
   *     slots.with(async () => {
   *       await copas.pause(1);
   *       console.log(`${name} is here`);
   *     })
   *   );
   * }
   * await copas.loop();
   * ```
   */
  async with<T>(
    fn: () => T | PromiseLike<T>,
    timeout?: number | WaitOptions,
  ): Promise<T> {
    checkFunction("with()", "fn", fn);
    using _held = await this.hold(1, timeout);
    return await fn();
  }

  /**
   * Counts the resources that can be taken.
   *
   * @returns how many there are, from 0 to `max`
   * @throws {DestroyedError} when the semaphore was destroyed
   */
  getcount(): number {
    this.#checkAlive("count");
    return this.#count;
  }

  /**
   * Counts the resources that the waiting threads lack.
   *
   * @returns how many have to be given until no thread waits; 0 when none does
   * @throws {DestroyedError} when the semaphore was destroyed
   */
  getwait(): number {
    this.#checkAlive("count");
    if (this.#waiters.first === undefined) return 0;
    let wanted = 0;
    for (const wait of this.#waiters) wanted += wait.detail;
    return wanted - this.#count;
  }

  /**
   * Ends the semaphore: all threads that wait get a `DestroyedError`, and so
   * does every later call.
   *
   * @returns `true`
   * @throws {DestroyedError} when it was destroyed before
   */
  destroy(): true {
    this.#checkAlive("destroy");
    this.#destroyed = true;
    this.#waiters.rejectAll((n) =>
      this.#destroyedError(`Cannot take ${n} of ${this.name}`)
    );
    return true;
  }

  /**
   * Describes the semaphore, for messages and logs.
   *
   * @returns its name, how many resources there are, and how many threads wait:
   * `"semaphore_1: 0 of 2, 1 waiting"`
   */
  toString(): string {
    return this.#destroyed
      ? `${this.name}: destroyed`
      : `${this.name}: ${this.#count} of ${this.max}, ${this.#waiters.size} waiting`;
  }

  /** Serves the threads that wait, with `n` resources more. Returns how many the semaphore can't hold. */
  #serve(n: number): number {
    this.#count += n;
    for (
      let wait;
      (wait = this.#waiters.first) !== undefined && wait.detail <= this.#count;
    ) {
      this.#count -= wait.detail;
      wait.resolveLater(true);
    }
    const surplus = Math.max(0, this.#count - this.max);
    this.#count -= surplus;
    return surplus;
  }

  #checkAlive(call: string): void {
    if (this.#destroyed) {
      throw this.#destroyedError(`Cannot ${call} ${this.name}`);
    }
  }

  #destroyedError(failure: string): DestroyedError {
    return new DestroyedError(`${failure}: it is destroyed`);
  }
}
