/**
 * One call of Deno's, or any promise, whose outcome reaches its waiter through
 * the selector, like everything else.
 *
 * @module
 */

import type { Ready, Selector, Starter } from "./selector.ts";

/** Starts once, and hands its outcome on when the dispatcher comes to it. */
export class Operation<T> implements Ready, Starter {
  readonly #selector: Selector;
  readonly #begin: () => PromiseLike<T>;
  readonly #resolved: (value: T) => void;
  readonly #rejected: (error: unknown) => void;
  #hand: () => void = () => {};

  /** Starts `begin` as soon as the dispatcher is driven; one of the other two hears of the outcome. */
  constructor(
    selector: Selector,
    begin: () => PromiseLike<T>,
    resolved: (value: T) => void,
    rejected: (error: unknown) => void,
  ) {
    this.#selector = selector;
    this.#begin = begin;
    this.#resolved = resolved;
    this.#rejected = rejected;
    selector.begin(this);
  }

  /** Begins the call. */
  start(): void {
    this.#selector.outstanding++;
    let promise: PromiseLike<T>;
    try {
      promise = this.#begin();
    } catch (error) {
      promise = Promise.reject(error);
    }
    promise.then(
      (value) => this.#ended(() => this.#resolved(value)),
      (error) => this.#ended(() => this.#rejected(error)),
    );
  }

  /** Hands the outcome on. */
  dispatch(): void {
    this.#hand();
  }

  #ended(hand: () => void): void {
    this.#selector.outstanding--;
    this.#hand = hand;
    this.#selector.ready(this);
  }
}
