/**
 * The lock: one caller at a time.
 *
 * @module
 */

import { settleRace } from "../core/race_signal.ts";
import { rejectedCall, resolvedZero } from "../core/immediate_call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import { runningThread, type Thread } from "../core/thread.ts";
import { checkDelay, checkFlag, checkFunction } from "../errors/arguments.ts";
import { DestroyedError } from "../errors/errors.ts";
import {
  readWaitOptions,
  type WaitLimit,
  type WaitOptions,
} from "../errors/wait_options.ts";
import { Held, watchToken } from "./held.ts";
import { Claim, LockOwnership, runWithin } from "./lock_ownership.ts";
import { reportUnawaited } from "../core/unawaited.ts";

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
 * A lock: one caller has it, the others wait in the order in which they came.
 *
 * `with` and `hold` are for one call: two of them exclude each other, also when
 * they run in the same thread, in requests of `Deno.serve` or in callbacks of
 * timers. Prefer them.
 *
 * `get` and `release` are as in Copas: the thread has the lock, may get it
 * again, and releases it as often. Code outside every thread counts as one
 * thread there. When a thread ends or fails with a lock that it has got, the
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
  /** How long a call waits that names no timeout. */
  readonly #usualLimit: WaitLimit;
  readonly #ownership: LockOwnership;
  #destroyed = false;

  /** @ignore Only `copas.lock.new()` calls it. */
  constructor(scheduler: Scheduler, name: string, options: LockOptions) {
    const { timeout = 10, notreentrant = false } = options;
    checkDelay("lock.new()", "the timeout", timeout);
    checkFlag("lock.new()", "notreentrant", notreentrant);
    this.name = name;
    this.timeout = timeout;
    this.#scheduler = scheduler;
    this.#notreentrant = notreentrant;
    this.#usualLimit = readWaitOptions("lock.new()", timeout);
    this.#ownership = new LockOwnership(scheduler, this);
  }

  /** The thread that owns the lock, or one of whose calls does; `undefined` while the lock is free, and when it was destroyed. */
  get owner(): Task | undefined {
    return this.#ownership.owner;
  }

  /**
   * Gets the lock for the current thread; waits while another thread, or a call
   * of `with` or `hold`, owns it. Within the callback of a `with` it enters again.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going. Default: the lock's
   * `timeout`
   * @returns the seconds that it waited: 0 when the lock was free
   * @throws {TimeoutError} when another caller had the lock all the time
   * @throws {DestroyedError} when the lock was destroyed, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type, or the
   * thread belongs to another dispatcher: its end would not release the lock
   * @throws {RangeError} when the timeout is `NaN`
   */
  get(timeout?: number | WaitOptions): Promise<number> {
    const thread = this.#scheduler.current;
    const ownership = this.#ownership;
    if (thread === this.#scheduler.main) {
      const guest = this.#guestError();
      if (guest !== undefined) return rejectedCall(this.#scheduler, guest);
    }
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

  /** Why the current call may not get the lock, if a thread of another dispatcher makes it. */
  #guestError(): TypeError | undefined {
    const thread = runningThread();
    if (thread === undefined || thread.done) return undefined;
    if (thread.scheduler === this.#scheduler) return undefined;
    return new TypeError(
      `Cannot get ${this.name}: thread ${thread.name} belongs to another dispatcher, and its end would not release the lock; use with() or hold()`,
    );
  }

  #get(thread: Thread, timeout?: number | WaitOptions): Promise<number> {
    const limit = this.#begin("get()", timeout);
    const ownership = this.#ownership;
    const { owner, waiters } = ownership;
    const mayOwn = owner === undefined ||
      (!this.#notreentrant && ownership.admitsGet(thread));
    if (!mayOwn) {
      this.#scheduler.counts.lockWaits++;
      return waiters.wait(this.#scheduler.clock.now(), limit, thread);
    }
    ownership.acquire(thread);
    return this.#acquired(NaN, limit);
  }

  /** Refuses a call that must not begin; else returns how long it may wait. */
  #begin(call: string, timeout?: number | WaitOptions): WaitLimit {
    const limit = timeout === undefined
      ? this.#usualLimit
      : readWaitOptions(call, timeout, this.timeout);
    if (this.#destroyed) throw this.#destroyedError("get");
    this.#ownership.waiters.checkNotCancelled(NaN, limit.signal);
    return limit;
  }

  /** The call has the lock without a wait. When its thread has had its share of calls, it goes on in the next round. */
  #acquired(detail: number | Claim, { signal }: WaitLimit): Promise<number> {
    if (signal !== undefined) settleRace(signal);
    if (this.#scheduler.mayProceed()) return resolvedZero;
    const ownership = this.#ownership;
    return ownership.granted(ownership.waiters.giveLater(detail, 0));
  }

  /**
   * Releases what `get` has got. When the thread has released the lock as often
   * as it got it, the call that has waited longest gets it.
   *
   * @returns `true`
   * @throws {Error} when the current thread has not got the lock by `get`
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
   * The lock belongs to this call: another `with` waits, also in the same
   * thread. A `with` or `get` within `fn`, and in what `fn` calls and awaits,
   * enters again, unless the lock is `notreentrant`; a thread that `fn` starts
   * is another caller. In a thread that has got the lock by `get`, `with` enters
   * again, too.
   *
   * A call that is not awaited keeps the lock until `fn` has ended. If it fails,
   * the error handler of its thread gets the error.
   *
   * @param fn what to run; it may wait
   * @param timeout seconds to wait for the lock at most, or an object with
   * `timeout` and `signal`. 0 does not wait; `Infinity` or a negative number
   * waits without limit. Default: the lock's `timeout`
   * @returns what `fn` returns
   * @throws {TypeError} when `fn` is not a function, or the timeout or the
   * signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   * @throws {TimeoutError} when another caller had the lock all the time
   * @throws {DestroyedError} when the lock was destroyed while the call waited, or before
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {Error} what `fn` throws
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
  with<T>(
    fn: () => T | PromiseLike<T>,
    timeout?: number | WaitOptions,
  ): Promise<T> {
    try {
      checkFunction("with()", "fn", fn);
      const limit = this.#begin("with()", timeout);
      return reportUnawaited(this.#scheduler, this.#with(fn, limit));
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  async #with<T>(fn: () => T | PromiseLike<T>, limit: WaitLimit): Promise<T> {
    const ownership = this.#ownership;
    const mayEnter = ownership.owner === undefined ||
      (!this.#notreentrant && ownership.admitsWith(this.#scheduler.current));
    const claim = await this.#claim(mayEnter, limit);
    try {
      return await runWithin(claim, fn);
    } finally {
      ownership.leave(claim);
    }
  }

  /** Gets the lock for a call that may enter now, or has to wait. Returns the claim by which it has it. */
  async #claim(mayEnter: boolean, limit: WaitLimit): Promise<Claim> {
    const { clock, current } = this.#scheduler;
    const claim = new Claim(current, clock.now());
    if (!mayEnter) {
      this.#scheduler.counts.lockWaits++;
      await this.#ownership.waiters.wait(claim, limit);
      return claim;
    }
    const used = this.#ownership.enter(claim);
    await this.#acquired(used, limit);
    return used;
  }

  /**
   * Gets the lock until the end of the block:
   * `using held = await lock.hold()`.
   *
   * What it returns is a token: the lock belongs to it, and not to the thread.
   * No call enters again, not even `hold` in the same thread. It can be
   * released by any code that has the token, also after the thread has ended.
   * When the program loses the token without releasing it, the lock is
   * released some time later, and the error handler of the thread that called
   * `hold` gets an error that says so.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. 0 does not wait; `Infinity` or a negative number waits without
   * limit, and such a wait does not keep `loop()` going. Default: the lock's
   * `timeout`
   * @returns what releases the lock, at the end of the block or by its `release()`
   * @throws {TimeoutError} when another caller had the lock all the time
   * @throws {DestroyedError} when the lock was destroyed, also while the call waits
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {TypeError} when the timeout or the signal is of a wrong type
   * @throws {RangeError} when the timeout is `NaN`
   */
  hold(timeout?: number | WaitOptions): Promise<Held> {
    try {
      return this.#hold(this.#begin("hold()", timeout));
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  async #hold(limit: WaitLimit): Promise<Held> {
    const ownership = this.#ownership;
    const claim = await this.#claim(ownership.owner === undefined, limit);
    const held = new Held(() => ownership.leave(claim));
    watchToken(held, () => ownership.tokenLost(claim));
    return held;
  }

  /**
   * Ends the lock: all calls that wait for it get a `DestroyedError`, also one
   * that was given the lock and has not gone on yet, and so does every later
   * call.
   *
   * @returns `true`
   * @throws {DestroyedError} when it was destroyed before
   */
  destroy(): true {
    if (this.#destroyed) throw this.#destroyedError("destroy");
    this.#destroyed = true;
    this.#ownership.destroy(() => this.#destroyedError("get"));
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
