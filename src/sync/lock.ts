/**
 * The lock: one thread at a time.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import type { Thread } from "../core/thread.ts";
import { checkDelay, checkFunction } from "../errors/arguments.ts";
import { DestroyedError } from "../errors/errors.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import { Held } from "./held.ts";
import { resolvedZero } from "./immediate.ts";
import { LockOwnership } from "./lock_ownership.ts";
import { rejectedCall } from "../core/immediate_call.ts";

/** How a lock is made. */
export interface LockOptions {
  /** Seconds that `get` waits when the caller names no timeout; `Infinity` is without limit. Default: 10. */
  timeout?: number;
  /** Whether the owner has to wait like other threads when it gets the lock again. Default: `false`. */
  notreentrant?: boolean;
  /** The lock's name, for messages. Default: `lock_1` and so on. */
  name?: string;
}

/**
 * A lock: one thread owns it, the others wait in the order in which they came.
 *
 * The owner may get it again, and releases it as often. Code outside every
 * thread counts as one thread. When a thread ends while it owns a lock, the
 * lock is released, and the thread's error handler gets an error that says so.
 *
 * @example A cache that one thread at a time fills
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const cache = new Map<string, string>();
 * const lock = copas.lock.new();
 *
 * async function get(key: string): Promise<string> {
 *   using _held = await lock.hold();
 *   const known = cache.get(key);
 *   if (known !== undefined) return known;
 *   await copas.pause(0.1); // asks a slow service
 *   cache.set(key, key.toUpperCase());
 *   return key.toUpperCase();
 * }
 *
 * copas.addthread(async () => console.log(await get("a")));
 * copas.addthread(async () => console.log(await get("a"))); // from the cache
 * await copas.loop();
 * ```
 */
export class Lock {
  /** The lock's name, for messages. */
  readonly name: string;
  /** Seconds that `get`, `hold` and `with` wait when the caller names no timeout. */
  readonly timeout: number;
  readonly #scheduler: Scheduler;
  readonly #notreentrant: boolean;
  readonly #ownership: LockOwnership;
  #destroyed = false;

  /** @ignore Only `copas.lock.new()` calls it. */
  constructor(scheduler: Scheduler, name: string, options: LockOptions) {
    const { timeout = 10, notreentrant = false } = options;
    checkDelay("lock.new()", "the timeout", timeout);
    this.name = name;
    this.timeout = timeout;
    this.#scheduler = scheduler;
    this.#notreentrant = notreentrant;
    this.#ownership = new LockOwnership(scheduler, this);
  }

  /** The thread that owns the lock; `undefined` while the lock is free, and when it was destroyed. */
  get owner(): Task | undefined {
    return this.#ownership.owner;
  }

  /**
   * Gets the lock; waits while another thread owns it.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going. Default: the lock's
   * `timeout`
   * @returns the seconds that it waited: 0 when the lock was free
   * @throws {TimeoutError} when another thread owned the lock all the time
   * @throws {DestroyedError} when the lock was destroyed, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   */
  get(timeout?: number | WaitOptions): Promise<number> {
    const thread = this.#scheduler.current;
    const ownership = this.#ownership;
    // The common case: the lock is free, and no promise is made.
    if (
      ownership.owner === undefined && timeout === undefined &&
      !thread.removed && !this.#destroyed && this.#scheduler.mayProceed()
    ) {
      ownership.acquire(thread);
      return resolvedZero;
    }
    try {
      return this.#get(thread, timeout);
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  #get(thread: Thread, timeout?: number | WaitOptions): Promise<number> {
    const limit = readWaitOptions("get()", timeout, this.timeout);
    if (this.#destroyed) throw this.#destroyedError("get");
    const { owner, waiters } = this.#ownership;
    waiters.checkNotCancelled(NaN, limit.signal);
    const mayOwn = owner === undefined ||
      (owner === thread && !this.#notreentrant);
    if (!mayOwn) return waiters.wait(this.#scheduler.clock.now(), limit);
    this.#ownership.acquire(thread);
    return this.#scheduler.mayProceed()
      ? resolvedZero
      : waiters.yieldThenGive(NaN, 0);
  }

  /**
   * Releases the lock. When the owner has released it as often as it got it,
   * the thread that has waited longest owns it.
   *
   * @returns `true`
   * @throws {Error} when the current thread does not own the lock
   * @throws {DestroyedError} when the lock was destroyed
   */
  release(): true {
    if (this.#destroyed) throw this.#destroyedError("release");
    this.#ownership.release(this.#scheduler.current);
    return true;
  }

  /**
   * Runs `fn` under the lock, and releases it whether `fn` returns or throws.
   *
   * @param fn what to run; it may wait
   * @param timeout seconds to wait for the lock at most, or an object with
   * `timeout` and `signal`. 0 does not wait; `Infinity` or a negative number
   * waits without limit. Default: the lock's `timeout`
   * @returns what `fn` returns
   * @throws {TypeError} when `fn` is not a function, or the timeout or the
   * signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   * @throws {TimeoutError} when another thread owned the lock all the time
   * @throws {DestroyedError} when the lock was destroyed while the call waited, or before
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {Error} when `fn` has released the lock itself; and what `fn` throws
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const lock = copas.lock.new();
   * let balance = 100;
   *
   * async function withdraw(amount: number): Promise<number> {
   *   return await lock.with(async () => {
   *     const before = balance;
   *     await copas.pause(0.1);
   *     return balance = before - amount;
   *   });
   * }
   *
   * copas.addthread(withdraw, 10);
   * copas.addthread(withdraw, 20);
   * await copas.loop();
   * console.log(balance); // 70
   * ```
   */
  async with<T>(
    fn: () => T | PromiseLike<T>,
    timeout?: number | WaitOptions,
  ): Promise<T> {
    checkFunction("with()", "fn", fn);
    using _held = await this.hold(timeout);
    return await fn();
  }

  /**
   * Gets the lock until the end of the block:
   * `using held = await lock.hold()`.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going. Default: the lock's
   * `timeout`
   * @returns what releases the lock, at the end of the block or by its `release()`
   * @throws {TimeoutError} when another thread owned the lock all the time
   * @throws {DestroyedError} when the lock was destroyed, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   */
  async hold(timeout?: number | WaitOptions): Promise<Held> {
    await this.get(timeout);
    const owner = this.#scheduler.current;
    return new Held(() => {
      // When the lock was destroyed, or its owner has ended, it is released already.
      if (!this.#destroyed && !owner.done) this.#ownership.release(owner);
    });
  }

  /**
   * Ends the lock: all threads that wait for it get a `DestroyedError`, and so
   * does every later call.
   *
   * @returns `true`
   * @throws {DestroyedError} when it was destroyed before
   */
  destroy(): true {
    if (this.#destroyed) throw this.#destroyedError("destroy");
    this.#destroyed = true;
    this.#ownership.clear();
    this.#ownership.waiters.rejectAll(() => this.#destroyedError("get"));
    return true;
  }

  /**
   * Describes the lock, for messages and logs.
   *
   * @returns its name, its owner, and how many threads wait:
   * `"lock_1: owned by thread_2, 3 waiting"`
   */
  toString(): string {
    if (this.#destroyed) return `${this.name}: destroyed`;
    const { owner, waiters } = this.#ownership;
    if (owner === undefined) return `${this.name}: free`;
    return `${this.name}: owned by ${owner.name}, ${waiters.size} waiting`;
  }

  #destroyedError(call: string): DestroyedError {
    return new DestroyedError(`Cannot ${call} ${this.name}: it is destroyed`);
  }
}
