/**
 * What a thread holds of a lock or a semaphore until the end of a block.
 *
 * @module
 */

/**
 * A lock, or resources of a semaphore, that a thread holds until the end of the
 * block: `using held = await lock.hold()`.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const lock = copas.lock.new();
 * copas.addthread(async () => {
 *   using held = await lock.hold();
 *   await copas.pause(0.1); // no other thread owns the lock
 *   held.release();
 *   await copas.pause(1); // another thread may own it
 * });
 * await copas.loop();
 * ```
 */
export class Held implements Disposable {
  #release?: () => void;

  /** @ignore Only `hold()` of a lock or a semaphore calls it. */
  constructor(release: () => void) {
    this.#release = release;
  }

  /**
   * Gives back what is held, before the end of the block. A second call does
   * nothing, and neither does a call after the lock or semaphore was destroyed,
   * or after a lock was released because its owner ended.
   *
   * @throws {Error} when the thread that called `lock.hold()` does not own the
   * lock any more, because it has called `lock.release()` itself
   * @throws {TooManyError} when the semaphore has got more resources meanwhile
   * than leave room for those that are given back
   */
  release(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  /**
   * Gives back what is held, at the end of a `using` block. It does nothing
   * when `release()` was called before.
   *
   * @throws {Error} when the thread that called `lock.hold()` does not own the
   * lock any more, because it has called `lock.release()` itself
   * @throws {TooManyError} when the semaphore has got more resources meanwhile
   * than leave room for those that are given back
   */
  [Symbol.dispose](): void {
    this.release();
  }
}
