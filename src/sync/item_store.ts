/**
 * The items of a queue: first in, first out, and one that was taken in vain
 * goes back to where it was.
 *
 * @module
 */

/** Below this, room at the front is not worth moving the items. */
const SMALL = 64;

/** Items in their order. */
export class ItemStore<T> {
  /** The number of the item that was taken last. They count up in the order of the items. */
  last = 0;
  #items: (T | undefined)[] = [];
  /** Where the first item stands. */
  #first = 0;
  #taken = 0;
  /** Items that came back, with their numbers. They were taken before all others, so they come first. */
  #returned: { number: number; item: T }[] = [];

  /** How many items there are. */
  get size(): number {
    return this.#items.length - this.#first + this.#returned.length;
  }

  /** Puts an item at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the first item. There must be one. */
  take(): T {
    if (this.#returned.length > 0) {
      const { number, item } = this.#returned.shift()!;
      this.last = number;
      return item;
    }
    const item = this.#items[this.#first] as T;
    this.#items[this.#first++] = undefined;
    this.last = ++this.#taken;
    // The room at the front is given up when it is half of all.
    if (this.#first === this.#items.length) {
      this.#items.length = this.#first = 0;
    } else if (this.#first > SMALL && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Puts an item that was taken as number `number` back to its place. */
  putBack(number: number, item: T): void {
    const behind = this.#returned.findIndex((other) => other.number > number);
    const at = behind < 0 ? this.#returned.length : behind;
    this.#returned.splice(at, 0, { number, item });
  }

  /** Forgets all items. */
  clear(): void {
    this.#items = [];
    this.#returned = [];
    this.#first = 0;
  }
}
