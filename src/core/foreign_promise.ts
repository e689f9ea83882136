/**
 * Promises that are not Copas's, and the threads that wait for them.
 *
 * @module
 */

import { LinkedList, ListNode } from "../collections/linked_list.ts";

/** The promises that were waited for. */
const watches = new WeakMap<object, Watch<unknown>>();

/**
 * Hears of the outcome of one promise, for all that wait for it. What is called
 * by `then` stays with a promise as long as that is pending: a thread that waits
 * for the same promise again and again, with a timeout, would leave something
 * behind each time.
 */
class Watch<T> {
  readonly #listeners = new LinkedList<PromiseWithResolvers<T>>();
  #outcome?: Promise<T> = undefined;

  constructor(promise: Promise<T>) {
    promise.then(
      (value) => this.#settle(promise, ({ resolve }) => resolve(value)),
      (error) => this.#settle(promise, ({ reject }) => reject(error)),
    );
  }

  #settle(
    outcome: Promise<T>,
    tell: (listener: PromiseWithResolvers<T>) => void,
  ): void {
    this.#outcome = outcome;
    for (const listener of this.#listeners) tell(listener);
  }

  /** A promise of the outcome, and a function that lets go of it: then it is rejected. */
  listen(): { promise: Promise<T>; leave: () => void } {
    if (this.#outcome !== undefined) {
      return { promise: this.#outcome, leave: () => {} };
    }
    const listener = Promise.withResolvers<T>();
    const node = new ListNode(listener);
    this.#listeners.append(node);
    let hasLeft = false;
    const leave = () => {
      if (hasLeft || this.#outcome !== undefined) return;
      hasLeft = true;
      this.#listeners.remove(node);
      listener.reject(new Error("the wait was given up"));
    };
    return { promise: listener.promise, leave };
  }
}

/**
 * Waits for the outcome of a promise, and can let go of it: the caller has to,
 * when it gives up. A rejection of `promise` counts as handled.
 */
export function listenTo<T>(
  promise: PromiseLike<T>,
): { promise: Promise<T>; leave: () => void } {
  const own = Promise.resolve(promise) as Promise<T>;
  const known = watches.get(own) as Watch<T> | undefined;
  if (known !== undefined) return known.listen();
  const watch = new Watch(own);
  watches.set(own, watch as Watch<unknown>);
  return watch.listen();
}
