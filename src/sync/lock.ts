/**
 * The lock: one thread at a time.
 *
 * @module
 */

import { checkDelay, checkFunction } from "../errors/arguments.ts";
import { EndHook } from "../core/end_hook.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Task } from "../core/task.ts";
import type { Thread } from "../core/thread.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { DestroyedError } from "../errors/errors.ts";
import { Held } from "./held.ts";
import { readLimit, rejected, Waiters } from "./waiters.ts";

/** How a lock is made. */
export interface LockOptions {
  /** Seconds that `get` waits when it is not told otherwise. Default: 10. */
  timeout?: number;
  /** Whether the owner has to wait like everybody else when it gets the lock again. Default: `false`. */
  notreentrant?: boolean;
  /** The lock's name, for messages. Default: `lock_1` and so on. */
  name?: string;
}

/** A get that did not wait: 0 seconds. */
const AT_ONCE = Promise.resolve(0);

/** That the owner has to release the lock before it ends. */
class ReleaseDuty extends EndHook {
  constructor(protected readonly neglected: (task: Thread) => void) {
    super();
  }
}

/**
 * A lock: one thread owns it, the others wait in the order in which they came.
 *
 * The owner may get it again, and releases it as often. Code outside every
 * thread counts as one thread. When a thread ends while it owns a lock, the
 * lock is released, and the thread's error handler hears of it.
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
 *   await copas.pause(0.1); // asks somebody who is slow
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
  /** Seconds that `get` waits when it is not told otherwise. */
  readonly timeout: number;
  readonly #scheduler: Scheduler;
  readonly #notreentrant: boolean;
  /** Those who wait, and since when. */
  readonly #line: Waiters<number, number>;
  readonly #duty: EndHook;
  #owner?: Thread = undefined;
  /** How often the owner has got it. */
  #count = 0;
  #destroyed = false;

  /** For Copas itself: use `copas.lock.new()`. */
  constructor(scheduler: Scheduler, name: string, options: LockOptions) {
    const { timeout = 10, notreentrant = false } = options;
    checkDelay("lock.new()", "the timeout", timeout);
    this.name = name;
    this.timeout = timeout;
    this.#scheduler = scheduler;
    this.#notreentrant = notreentrant;
    this.#line = new Waiters(scheduler, this, {
      failure: () => `Cannot get ${this.name}`,
      reason: () => `${this.#owner?.name} owns it`,
      revoked: ({ task }) => {
        if (this.#owner === task) this.#leave();
      },
    });
    this.#duty = new ReleaseDuty((task) => this.#ownerEnded(task));
  }

  /** The thread that owns the lock, if one does. */
  get owner(): Task | undefined {
    return this.#owner;
  }

  /**
   * Gets the lock; waits while another thread owns it.
   *
   * @param timeout seconds to wait at most; 0 does not wait, `Infinity` or a
   * negative number waits for ever, and such a wait does not keep `loop()`
   * going. Or an object with `timeout` and `signal`. Default: the lock's timeout
   * @returns the seconds that it waited: 0 when the lock was free
   * @throws {TimeoutError} when the time was up
   * @throws {DestroyedError} when the lock was destroyed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  get(timeout?: number | WaitOptions): Promise<number> {
    const task = this.#scheduler.current;
    // The way of most calls: a free lock, and no promise is made.
    if (
      this.#owner === undefined && timeout === undefined && !task.removed &&
      !this.#destroyed && this.#scheduler.mayProceed()
    ) {
      this.#own(task);
      return AT_ONCE;
    }
    try {
      return this.#get(task, timeout);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #get(task: Thread, timeout?: number | WaitOptions): Promise<number> {
    const limit = readLimit("get()", timeout, this.timeout);
    const refused = this.#destroyed
      ? this.#destroyedError("get")
      : this.#line.refusal(NaN, limit.signal);
    if (refused !== undefined) return rejected(refused);
    const { clock } = this.#scheduler;
    const mayEnter = this.#owner === undefined ||
      (this.#owner === task && !this.#notreentrant);
    if (!mayEnter) {
      return limit.seconds === 0
        ? rejected(this.#line.timeoutError(NaN, 0))
        : this.#line.join(clock.now(), limit);
    }
    this.#own(task);
    return this.#scheduler.mayProceed() ? AT_ONCE : this.#line.pass(NaN, 0);
  }

  /**
   * Releases the lock: who has waited longest owns it from now on.
   *
   * @returns `true`
   * @throws {Error} when the current thread does not own the lock
   * @throws {DestroyedError} when the lock was destroyed
   */
  release(): true {
    if (this.#destroyed) throw this.#destroyedError("release");
    this.#checkOwner(this.#scheduler.current);
    this.#leave();
    return true;
  }

  /**
   * Runs `fn` under the lock, and releases it whatever happens.
   *
   * @param timeout as for `get`
   * @returns what `fn` returns
   * @throws what `get` throws, and what `fn` throws
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
   * Gets the lock, to be released at the end of the block:
   * `using held = await lock.hold()`.
   *
   * @param timeout as for `get`
   * @throws what `get` throws
   */
  async hold(timeout?: number | WaitOptions): Promise<Held> {
    await this.get(timeout);
    const owner = this.#scheduler.current;
    return new Held(() => {
      // A lock that is destroyed, or was freed because the thread ended, has nothing to be released.
      if (this.#destroyed || owner.done) return;
      this.#checkOwner(owner);
      this.#leave();
    });
  }

  /**
   * Ends the lock: all who wait get a `DestroyedError`, and so does every later call.
   *
   * @returns `true`
   * @throws {DestroyedError} when it was destroyed before
   */
  destroy(): true {
    if (this.#destroyed) throw this.#destroyedError("destroy");
    this.#destroyed = true;
    this.#duty.lift();
    this.#owner = undefined;
    this.#line.dissolve(() => this.#destroyedError("get"));
    return true;
  }

  /** The lock's name, its owner, and how many wait. */
  toString(): string {
    if (this.#destroyed) return `${this.name}: destroyed`;
    if (this.#owner === undefined) return `${this.name}: free`;
    return `${this.name}: owned by ${this.#owner.name}, ${this.#line.size} waiting`;
  }

  #own(task: Thread): void {
    if (this.#count++ > 0) return;
    this.#owner = task;
    this.#duty.assign(task);
  }

  #leave(): void {
    if (--this.#count > 0) return;
    this.#duty.lift();
    this.#owner = undefined;
    const next = this.#line.first;
    if (next === undefined) return;
    // What still runs of a thread that has ended counts as code outside every thread.
    this.#own(next.task.done ? this.#scheduler.main : next.task);
    next.resolveLater(this.#scheduler.clock.now() - next.detail);
  }

  #ownerEnded(task: Thread): void {
    this.#count = 1;
    this.#leave();
    this.#scheduler.report(
      new Error(
        `${this.name}: ${task.name} ended without release(); the lock was released`,
      ),
      task,
      task.socket,
    );
  }

  #checkOwner(task: Thread): void {
    if (this.#owner === task) return;
    const owner = this.#owner === undefined
      ? "nobody owns it"
      : `${this.#owner.name} owns it`;
    throw new Error(
      `Cannot release ${this.name}: ${owner}, not ${task.name}; only the owner can`,
    );
  }

  #destroyedError(call: string): DestroyedError {
    return new DestroyedError(`Cannot ${call} ${this.name}: it is destroyed`);
  }
}
