/**
 * What all sources have in common: one resource of Deno's, and at most one
 * operation under way on it.
 *
 * @module
 */

import type { Ready, Selector, Starter } from "./selector.ts";

/**
 * A source starts its operation when it is armed and announces its owner when
 * the operation has ended. The outcome stays in the source until it is taken.
 */
export abstract class Source<T> implements Starter {
  /** Why the operation failed; kept, because Deno tells of a reset only once. */
  failure: unknown = undefined;
  /** Whether an operation is under way, or will be as soon as somebody drives the dispatcher. */
  busy = false;
  /** Whether the owner has closed the source. */
  protected closed = false;
  protected readonly selector: Selector;
  readonly #owner: Ready;

  /** `owner` is announced to `selector` whenever an operation has ended. */
  constructor(selector: Selector, owner: Ready) {
    this.selector = selector;
    this.#owner = owner;
  }

  /** Calls Deno. */
  protected abstract operate(): Promise<T>;
  /** Keeps what the operation brought. */
  protected abstract completed(outcome: T): void;

  /** Whether another operation could bring anything. */
  protected get isExhausted(): boolean {
    return this.failure !== undefined;
  }

  /** Wants an operation. Does nothing while one is under way. */
  arm(): void {
    if (this.busy || this.closed || this.isExhausted) return;
    this.busy = true;
    this.selector.begin(this);
  }

  /** Begins the operation. */
  start(): void {
    if (this.closed) {
      this.busy = false;
      return;
    }
    this.selector.outstanding++;
    try {
      this.operate().then(this.#succeeded, this.#failed);
    } catch (error) {
      // Deno's own never throw, but others may stand in for them.
      this.#failed(error);
    }
  }

  /** Wants nothing more. The owner closes the resource, which ends the operation under way. */
  close(): void {
    this.closed = true;
  }

  /** Tells the owner. */
  protected announce(): void {
    this.selector.ready(this.#owner);
  }

  #succeeded = (outcome: T) => {
    this.busy = false;
    this.selector.polled = true;
    this.selector.outstanding--;
    this.completed(outcome);
  };

  #failed = (error: unknown) => {
    this.busy = false;
    this.selector.outstanding--;
    if (this.closed) return;
    this.failure = error;
    this.announce();
  };
}
