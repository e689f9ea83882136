/**
 * Things that are remembered as long as other code has them.
 *
 * @module
 */

/** A list whose items may be collected. */
export class WeakList<T extends object> {
  #refs: WeakRef<T>[] = [];
  /** How many references there may be before those to nothing are left out. */
  #most = 16;

  /** Puts an item at the end. */
  add(item: T): void {
    this.#refs.push(new WeakRef(item));
    if (this.#refs.length < this.#most) return;
    this.#refs = this.#refs.filter((ref) => ref.deref() !== undefined);
    this.#most = Math.max(16, 2 * this.#refs.length);
  }

  /** The items that are still there, in their order. */
  *[Symbol.iterator](): Generator<T> {
    for (const ref of this.#refs) {
      const item = ref.deref();
      if (item !== undefined) yield item;
    }
  }
}
