/**
 * What all sources have in common: one resource of Deno's, and at most one
 * operation under way on it.
 *
 * @module
 */

import { ListNode } from "../collections/linked_list.ts";
import type { KeepAlive, Ready, Selector, Starter } from "./selector.ts";

/** Keeps the process alive while an operation on it is under way, unless `unref` was called. */
export interface Resource {
  ref?(): void;
  unref?(): void;
}

/**
 * A source starts its operation when it is armed and announces its owner when
 * the operation has ended. The outcome stays in the source until it is taken.
 */
export abstract class Source<T> implements Starter, KeepAlive {
  /** Why the operation failed; kept, because Deno tells of a reset only once. */
  failure: unknown = undefined;
  /** Whether an operation is under way, or will be as soon as the dispatcher is driven. */
  busy = false;
  /** Whether the owner has closed the source. */
  protected closed = false;
  protected readonly selector: Selector;
  /** The place among the operations under way. */
  readonly #node: ListNode<KeepAlive> = new ListNode<KeepAlive>(this);
  readonly #resource: Resource;
  readonly #owner: Ready;
  /** Whether the resource keeps the process alive: Deno's do in the beginning. */
  #isKeeping = true;

  /** `owner` is announced to `selector` whenever an operation on `resource` has ended. */
  constructor(selector: Selector, resource: object, owner: Ready) {
    this.selector = selector;
    this.#resource = resource;
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
    this.request();
  }

  /** Asks for the start. */
  protected request(): void {
    this.selector.begin(this);
  }

  /** Begins the operation. */
  start(): void {
    if (this.closed) {
      this.busy = false;
      return;
    }
    const { selector } = this;
    selector.hold(this.#node);
    if (selector.looping !== this.#isKeeping) this.#keep(selector.looping);
    try {
      this.operate().then(this.#succeeded, this.#failed);
    } catch (error) {
      // Deno's own never throw, but others may stand in for them.
      this.#failed(error);
    }
  }

  /** Counts `operation` as a part of the one that has just ended. */
  protected follow(operation: Promise<T>): void {
    this.busy = true;
    this.selector.hold(this.#node);
    operation.then(this.#succeeded, this.#failed);
  }

  /** Does not keep the process alive any more. */
  letGo(): void {
    if (this.#isKeeping) this.#keep(false);
  }

  #keep(keeping: boolean): void {
    this.#isKeeping = keeping;
    if (keeping) this.#resource.ref?.();
    else this.#resource.unref?.();
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
    this.selector.drop(this.#node);
    this.completed(outcome);
  };

  #failed = (error: unknown) => {
    this.busy = false;
    this.selector.drop(this.#node);
    if (this.closed) return;
    this.failure = error;
    this.announce();
  };
}
