/**
 * The items of a queue: first in, first out, and an item that its thread could
 * not use goes back to where it was. Where calls are traced, an item carries the
 * span of the call that has pushed it.
 *
 * @module
 */

import type { Tracer } from "../core/tracer.ts";

/** With fewer empty places at the front than this, moving the items costs more than it frees. */
const LEAST_EMPTY_PLACES = 64;

/** Items in their order. */
export class ItemStore<T> {
  /** The number of the item that was taken last. Items are numbered from 1, in their order. */
  lastTaken = 0;
  #items: (T | undefined)[] = [];
  /** Where the first item stands. */
  #first = 0;
  /** The highest number that was given to an item. */
  #highest = 0;
  /** Items that came back. They were taken before all others, so they come first. */
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
      this.lastTaken = number;
      return item;
    }
    const item = this.#items[this.#first] as T;
    this.#items[this.#first++] = undefined;
    this.lastTaken = ++this.#highest;
    this.#freeEmptyPlaces();
    return item;
  }

  /** Gives up the empty places at the front when they are half of all. */
  #freeEmptyPlaces(): void {
    const empty = this.#first;
    if (empty === this.#items.length) {
      this.#items.length = this.#first = 0;
    } else if (empty > LEAST_EMPTY_PLACES && empty * 2 > this.#items.length) {
      this.#items = this.#items.slice(empty);
      this.#first = 0;
    }
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

/** An item that was pushed while there was an instrumentation. */
export class TracedItem<T> {
  constructor(readonly item: T, readonly context: unknown) {}
}

/** What a queue holds. */
export type Carried<T> = T | TracedItem<T>;

/** The item, with the span of the caller. */
export function traced<T>(item: T, tracer: Tracer): TracedItem<T> {
  return new TracedItem(item, tracer.capture());
}

/** The item that was pushed. */
export function untraced<T>(carried: Carried<T>): T {
  return carried instanceof TracedItem ? carried.item : carried;
}
