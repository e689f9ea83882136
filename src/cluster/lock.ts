/**
 * A lock that processes and machines share.
 *
 * @module
 */

import type { WaitOptions } from "../errors/wait_options.ts";

/**
 * What `copas.lock` and a cluster's lock have in common: a program that needs no
 * more can be given either, and holds it with `await using`.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import type { SharedLock } from "jsr:@copas/copas/cluster";
 *
 * async function once(lock: SharedLock): Promise<void> {
 *   await using _held = await lock.hold({ timeout: 5 });
 *   console.log("no other caller has the lock");
 * }
 *
 * copas.addthread(once, copas.lock.new());
 * await copas.loop();
 * ```
 */
export interface SharedLock {
  /** The lock's name. */
  readonly name: string;
  /**
   * Gets the lock until the end of the block.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: 10
   * @returns what releases the lock
   * @throws {TimeoutError} when another caller had the lock all the time
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  hold(timeout?: number | WaitOptions): Promise<Disposable | AsyncDisposable>;
  /**
   * Runs `fn` while it has the lock.
   *
   * @param fn the function; it may wait
   * @param timeout seconds to wait for the lock at most, or an object with
   * `timeout` and `signal`. Default: 10
   * @returns what `fn` returns
   * @throws {TimeoutError} when another caller had the lock all the time
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  with<T>(
    fn: () => T | PromiseLike<T>,
    timeout?: number | WaitOptions,
  ): Promise<T>;
}

/** How a cluster's lock is made. */
export interface ClusterLockOptions {
  /** The lock's name, the same in all programs that share it: letters, digits, `_` and `-`. */
  name: string;
  /** Seconds after which the lock of a holder that is gone can be had by others, at least 0.5. Default: 10. */
  lease?: number;
  /** Seconds that `hold` waits when the caller names no timeout; `Infinity` is without limit. Default: 10. */
  timeout?: number;
}

/** What a caller holds of a cluster: it is kept by renewals, and can be lost. */
export interface Lease extends AsyncDisposable {
  /** Aborts when the lease is lost or could not be renewed in time, before another caller can have it; also by `release()`. */
  readonly signal: AbortSignal;
  /**
   * Gives it back. A second call does nothing.
   *
   * @returns resolves when the engine has taken it back, or can't be reached: then it lapses
   */
  release(): Promise<void>;
}

/** A cluster's lock, held. */
export interface HeldLock extends Lease {
  /** The fencing token: every holder's is larger than those of all before it. What the lock protects refuses smaller ones than it has seen. */
  readonly token: number;
}

/**
 * A lock that processes and machines share. Those that wait for it get it in no
 * particular order.
 *
 * It is a lease: a holder that is stopped for longer than `lease` (its machine
 * sleeps, its process gets SIGSTOP) loses it, and notices when it runs again. So
 * what must not be done twice takes the `token` along, and is refused where a
 * larger one has been.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { connect } from "jsr:@copas/copas/cluster/nats";
 *
 * await using cluster = await connect("nats://10.0.0.5:4222", { copas });
 * const lock = cluster.lock({ name: "invoice", lease: 10 });
 * await using held = await lock.hold({ timeout: 5 });
 * await copas.pause(1, { signal: held.signal });
 * console.log("token", held.token);
 * ```
 */
export interface ClusterLock extends SharedLock {
  /**
   * Gets the lock until the end of the block: `await using held = await lock.hold()`.
   *
   * @param timeout seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: the lock's `timeout`
   * @returns the lock, held
   * @throws {TimeoutError} when another caller had the lock all the time
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {EngineError} when the engine refuses
   */
  hold(timeout?: number | WaitOptions): Promise<HeldLock>;
  /**
   * Runs `fn` while it has the lock, and gives that back.
   *
   * @param fn is called with the lock, held
   * @param timeout seconds to wait for the lock at most, or an object with
   * `timeout` and `signal`. Default: the lock's `timeout`
   * @returns what `fn` returns
   * @throws {TimeoutError} when another caller had the lock all the time
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {EngineError} when the engine refuses
   */
  with<T>(
    fn: (held: HeldLock) => T | PromiseLike<T>,
    timeout?: number | WaitOptions,
  ): Promise<T>;
}
