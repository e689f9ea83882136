/**
 * What a thread holds of a lock or a semaphore, for `using`.
 *
 * @module
 */

/**
 * A lock, or resources of a semaphore, that are held until the end of the
 * block: `using held = await lock.hold()`.
 */
export class Held implements Disposable {
  #release?: () => void;

  /** For Copas itself: use `lock.hold()` or `semaphore.hold()`. */
  constructor(release: () => void) {
    this.#release = release;
  }

  /** Gives back what is held, before the end of the block. The second time it does nothing. */
  release(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.();
  }

  /** Gives back what is held, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }
}
