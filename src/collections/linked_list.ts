/**
 * A doubly linked list: an item leaves from where it stands in constant time.
 *
 * @module
 */

/**
 * The place of an item in a list. The item owns the node and brings it along
 * each time; an item that stands in two lists at once has a node for each.
 *
 * The links lie in nodes and not in the items because all nodes have the same
 * shape: V8 reads a field of one shape several times faster than the same field
 * of many, and the items of the dispatcher have many. An item that comes by the
 * hundred thousand may be its own node: a node takes as much memory as six of
 * its fields.
 */
export class ListNode<T> {
  /** The neighbours. Only the list writes them. */
  older?: ListNode<T> = undefined;
  newer?: ListNode<T> = undefined;

  /** @param item what stands in the list */
  constructor(readonly item: T) {}
}

/**
 * Items in the order in which they were added.
 *
 * The dispatcher uses it in place of a `Set` for items that come and go all the
 * time. V8 replaces the table of a `Set` now and then and lets the old table
 * point to the new one. Once an old table has reached the part of the heap that
 * is collected seldom, it keeps alive every table that follows it, with all the
 * items that were ever in them, until the next full garbage collection.
 */
export class LinkedList<T> {
  #oldest?: ListNode<T> = undefined;
  #newest?: ListNode<T> = undefined;

  /** Counts the items, one by one: a count that is kept would cost every call of a thread. */
  get size(): number {
    let size = 0;
    for (let node = this.#oldest; node !== undefined; node = node.newer) size++;
    return size;
  }

  /** The item that was added first, if there is one. */
  get oldest(): T | undefined {
    return this.#oldest?.item;
  }

  /** The node of the newest item; its `older` leads to the others. */
  get newestNode(): ListNode<T> | undefined {
    return this.#newest;
  }

  /** The item that was added last, if there is one. */
  get newest(): T | undefined {
    return this.#newest?.item;
  }

  /** Adds the item of `node`, which must not stand in a list. */
  append(node: ListNode<T>): void {
    const newest = this.#newest;
    this.#newest = node;
    if (newest === undefined) {
      this.#oldest = node;
    } else {
      node.older = newest;
      newest.newer = node;
    }
  }

  /** Takes the item of `node` out. Does nothing, and returns `false`, when it stands in no list. */
  remove(node: ListNode<T>): boolean {
    const { older, newer } = node;
    if (older !== undefined) {
      older.newer = newer;
      node.older = undefined;
    } else {
      if (this.#oldest !== node) return false;
      this.#oldest = newer;
    }
    if (newer !== undefined) {
      newer.older = older;
      node.newer = undefined;
    } else {
      this.#newest = older;
    }
    return true;
  }

  /** Whether `test` holds for at least one item. */
  some(test: (item: T) => boolean): boolean {
    for (let node = this.#oldest; node !== undefined; node = node.newer) {
      if (test(node.item)) return true;
    }
    return false;
  }

  /** The items, the oldest first. The item that was yielded last may leave the list meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let node = this.#oldest; node !== undefined;) {
      const { newer }: ListNode<T> = node;
      yield node.item;
      node = newer;
    }
  }
}
