/**
 * The semaphore: a number of resources that threads take and give back.
 *
 * @module
 */

import {
  checkDelay,
  checkFunction,
  checkInteger,
  outOfRange,
} from "../errors/arguments.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { DestroyedError, TooManyError } from "../errors/errors.ts";
import { Held } from "./held.ts";
import { readLimit, rejected, Waiters } from "./waiters.ts";

/** How a semaphore is made. */
export interface SemaphoreOptions {
  /** How many resources there are at first. Default: 0. */
  start?: number;
  /** Seconds that `take` waits when it is not told otherwise. Default: 10. */
  timeout?: number;
  /** The semaphore's name, for messages. Default: `semaphore_1` and so on. */
  name?: string;
}

/** A take that did not wait. */
const AT_ONCE = Promise.resolve(true as const);

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
  /** Seconds that `take` waits when it is not told otherwise. */
  readonly timeout: number;
  readonly #scheduler: Scheduler;
  /** Those who wait, and for how many. */
  readonly #line: Waiters<true, number>;
  #count: number;
  #destroyed = false;

  /** For Copas itself: use `copas.semaphore.new()`. */
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
    this.#line = new Waiters(scheduler, this, {
      failure: (n) => `Cannot take ${n} of ${this.name}`,
      abandoned: () => this.#serve(0),
      revoked: (wait) => this.#serve(wait.detail),
    });
    this.#count = start;
  }

  /**
   * Takes `n` resources; waits while there are not enough, or others wait.
   *
   * @param n how many. Default: 1
   * @param timeout seconds to wait at most; 0 does not wait, `Infinity` or a
   * negative number waits for ever, and such a wait does not keep `loop()`
   * going. Or an object with `timeout` and `signal`. Default: the semaphore's timeout
   * @returns `true`
   * @throws {TooManyError} when `n` is more than the semaphore can hold
   * @throws {TimeoutError} when the time was up
   * @throws {DestroyedError} when the semaphore was destroyed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  take(n = 1, timeout?: number | WaitOptions): Promise<true> {
    // The way of most calls: there is one, and no promise is made.
    if (
      n === 1 && timeout === undefined && this.#has(1) && !this.#destroyed &&
      !this.#scheduler.current.removed && this.#scheduler.mayProceed()
    ) {
      this.#count--;
      return AT_ONCE;
    }
    try {
      return this.#take(n, timeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #take(n: number, timeout?: number | WaitOptions): Promise<true> {
    checkInteger("take()", "n", n, 0);
    const limit = readLimit("take()", timeout, this.timeout);
    const failure = `Cannot take ${n} of ${this.name}`;
    const refused = this.#destroyed
      ? this.#destroyedError(failure)
      : n > this.max
      ? new TooManyError(`${failure}: it holds at most ${this.max}`)
      : this.#line.refusal(n, limit.signal);
    if (refused !== undefined) return rejected(refused);
    if (!this.#has(n)) {
      return limit.seconds === 0
        ? rejected(this.#line.timeoutError(n, 0))
        : this.#line.join(n, limit);
    }
    this.#count -= n;
    return this.#scheduler.mayProceed() ? AT_ONCE : this.#line.pass(n, true);
  }

  /** Whether `n` are there, and nobody came before. */
  #has(n: number): boolean {
    return this.#count >= n && this.#line.first === undefined;
  }

  /**
   * Gives `n` resources. Those who wait get theirs first; what is left then is
   * kept, up to `max`.
   *
   * @param n how many. Default: 1
   * @returns `true`
   * @throws {TooManyError} when more than `max` are left: then `max` are kept
   * @throws {DestroyedError} when the semaphore was destroyed
   */
  give(n = 1): true {
    checkInteger("give()", "n", n, 0);
    if (this.#destroyed) {
      throw this.#destroyedError(`Cannot give ${n} to ${this.name}`);
    }
    const spare = this.#serve(n);
    if (spare === 0) return true;
    throw new TooManyError(
      `Cannot give ${n} to ${this.name}: it holds at most ${this.max}, ${spare} are too many`,
    );
  }

  /**
   * Takes `n` resources, to be given back at the end of the block:
   * `using held = await semaphore.hold()`.
   *
   * @param n how many. Default: 1
   * @param timeout as for `take`
   * @throws what `take` throws
   */
  async hold(n = 1, timeout?: number | WaitOptions): Promise<Held> {
    await this.take(n, timeout);
    return new Held(() => {
      if (!this.#destroyed) this.give(n);
    });
  }

  /**
   * Runs `fn` with one resource taken, and gives it back whatever happens.
   *
   * @param timeout as for `take`
   * @returns what `fn` returns
   * @throws what `take` throws, and what `fn` throws
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
   * How many resources there are.
   *
   * @throws {DestroyedError} when the semaphore was destroyed
   */
  getcount(): number {
    this.#checkAlive("count");
    return this.#count;
  }

  /**
   * How many resources have to be given until nobody waits any more; 0 when nobody does.
   *
   * @throws {DestroyedError} when the semaphore was destroyed
   */
  getwait(): number {
    this.#checkAlive("count");
    if (this.#line.first === undefined) return 0;
    let wanted = 0;
    for (const wait of this.#line) wanted += wait.detail;
    return wanted - this.#count;
  }

  /**
   * Ends the semaphore: all who wait get a `DestroyedError`, and so does every later call.
   *
   * @returns `true`
   * @throws {DestroyedError} when it was destroyed before
   */
  destroy(): true {
    this.#checkAlive("destroy");
    this.#destroyed = true;
    this.#line.dissolve((n) =>
      this.#destroyedError(`Cannot take ${n} of ${this.name}`)
    );
    return true;
  }

  /** The semaphore's name, how many resources there are, and how many threads wait. */
  toString(): string {
    return this.#destroyed
      ? `${this.name}: destroyed`
      : `${this.name}: ${this.#count} of ${this.max}, ${this.#line.size} waiting`;
  }

  /** Serves those who wait, with `n` resources more. Returns how many the semaphore can't hold. */
  #serve(n: number): number {
    this.#count += n;
    for (
      let wait;
      (wait = this.#line.first) !== undefined && wait.detail <= this.#count;
    ) {
      this.#count -= wait.detail;
      wait.resolveLater(true);
    }
    const spare = Math.max(0, this.#count - this.max);
    this.#count -= spare;
    return spare;
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
