/**
 * The token of what `hold()` has taken of a lock or a semaphore.
 *
 * @module
 */

/**
 * A token of a lock, or of resources of a semaphore, that are held until the end
 * of the block: `using held = await lock.hold()`.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const lock = copas.lock.new();
 * copas.addthread(async () => {
 *   using held = await lock.hold();
 *   await copas.pause(0.1); // no other caller has the lock
 *   held.release();
 *   await copas.pause(1); // another caller may have it
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
   * nothing, and neither does a call after the lock or semaphore was destroyed.
   *
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
   * @throws {TooManyError} when the semaphore has got more resources meanwhile
   * than leave room for those that are given back
   */
  [Symbol.dispose](): void {
    this.release();
  }
}

/** Tokens that the program may lose: it could not release what they hold any more. */
const tokens = new FinalizationRegistry<() => void>((lost) => lost());

/** Calls `lost` when the program has lost `token`. It must not refer to the token: that would keep it. */
export function watchToken(token: Held, lost: () => void): void {
  tokens.register(token, lost);
}
