/**
 * The threads of a dispatcher.
 *
 * @module
 */

import { LinkedList, type ListNode } from "../collections/linked_list.ts";

/** What the list needs of a thread. */
interface ListedThread<T> extends ListNode<T> {
  /** The reference to it while it is dormant; made for the first time that it is. */
  weakly?: WeakRef<T & object>;
}

/**
 * All threads that have not ended, or have left waits behind.
 *
 * A thread that sleeps until it is woken is dormant: the list does not hold it.
 * When no live code holds it either, no code can wake it, and it is collected,
 * as Lua collects a coroutine that nothing refers to.
 */
export class ThreadList<T extends ListedThread<T> & object> {
  readonly #held: LinkedList<T> = new LinkedList();
  readonly #dormant: Set<WeakRef<T>> = new Set();
  #collected?: FinalizationRegistry<WeakRef<T>>;

  /** How many threads there are. */
  get size(): number {
    return this.#held.size + this.#dormant.size;
  }

  /** How many of them are dormant. */
  get dormant(): number {
    return this.#dormant.size;
  }

  /** Adds a thread. */
  append(thread: T): void {
    this.#held.append(thread);
  }

  /** Takes a thread out. Returns whether it was in. */
  remove(thread: T): boolean {
    const { weakly } = thread;
    const wasDormant = weakly !== undefined && this.#dormant.delete(weakly);
    return this.#held.remove(thread) || wasDormant;
  }

  /** The thread sleeps until it is woken. */
  fallsDormant(thread: T): void {
    this.#held.remove(thread);
    if (thread.weakly === undefined) {
      thread.weakly = new WeakRef(thread);
      this.#collected ??= new FinalizationRegistry((reference) => {
        this.#dormant.delete(reference);
      });
      this.#collected.register(thread, thread.weakly);
    }
    this.#dormant.add(thread.weakly);
  }

  /** The sleep is over, if the thread was dormant. */
  wakes(thread: T): void {
    if (thread.weakly === undefined) return;
    if (this.#dormant.delete(thread.weakly)) this.#held.append(thread);
  }

  /** Whether `test` holds for at least one thread that is not dormant. */
  some(test: (thread: T) => boolean): boolean {
    return this.#held.some(test);
  }

  /** The threads, the dormant ones last. The thread that was yielded last may leave the list meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    yield* this.#held;
    for (const reference of this.#dormant) {
      const thread = reference.deref();
      if (thread !== undefined) yield thread;
    }
  }
}
