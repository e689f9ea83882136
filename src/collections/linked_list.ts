/**
 * A list whose items know their neighbours: each can leave from where it stands.
 *
 * @module
 */

/** What an item has to have; only its chain writes them. An item stands in one chain at most. */
export interface ListNode<T> {
  older?: T;
  newer?: T;
}

/**
 * Items in the order in which they came.
 *
 * It stands where a `Set` would do, for what comes and goes all the time. V8
 * gives a `Set` a new table now and then, to which the old one points; once one
 * of the tables is old enough to be looked at seldom, it keeps all those that
 * follow it, with what was ever in them, until the next full garbage collection.
 */
export class LinkedList<T extends ListNode<T>> {
  #oldest?: T = undefined;
  #newest?: T = undefined;
  #size = 0;

  /** How many items there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds an item that is in no chain. */
  add(item: T): void {
    item.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = item;
    else this.#newest.newer = item;
    this.#newest = item;
    this.#size++;
  }

  /** Takes `item` out. Does nothing when it is not in. */
  delete(item: T): void {
    const { older, newer } = item;
    if (older === undefined && this.#oldest !== item) return;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    item.older = item.newer = undefined;
    this.#size--;
  }

  /** Whether `test` holds for any of them. */
  some(test: (item: T) => boolean): boolean {
    for (let item = this.#oldest; item !== undefined; item = item.newer) {
      if (test(item)) return true;
    }
    return false;
  }

  /** The items, the oldest first. The one that has been given may leave. */
  *[Symbol.iterator](): Generator<T> {
    for (let item = this.#oldest; item !== undefined;) {
      const { newer }: T = item;
      yield item;
      item = newer;
    }
  }
}
