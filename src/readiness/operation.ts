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
  #cancelled = false;

  /** Starts `begin` as soon as the dispatcher is driven; one of the other two is called with the outcome. */
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
    if (this.#cancelled) return;
    this.#selector.outstanding++;
    this.#call().then(
      (value) => this.#ended(() => this.#resolved(value)),
      (error) => this.#ended(() => this.#rejected(error)),
    );
  }

  /** A call that has not begun yet never will. One that has begun goes on, and its outcome is handed on. */
  cancel(): void {
    this.#cancelled = true;
  }

  /** A promise in any case: what is called may throw at once, or be any thenable. */
  #call(): Promise<T> {
    try {
      return Promise.resolve(this.#begin());
    } catch (error) {
      return Promise.reject(error);
    }
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
