/**
 * The inside of a queue: which thread gets which item, and whose item gets room.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { DestroyedError } from "../errors/errors.ts";
import { ItemStore } from "./item_store.ts";
import { readLimit, rejected, Waiters } from "./waiters.ts";

/** It takes items; it only gives them; all were taken; they were given up. */
export type HandOffState = "open" | "stopping" | "drained" | "destroyed";

/** Seconds that `pop` waits when it is not told otherwise. */
const USUAL = 10;

/** A push that did not wait. */
const AT_ONCE = Promise.resolve(true as const);

/** Items on their way from those who push to those who pop. */
export class HandOff<T> {
  state: HandOffState = "open";
  readonly #scheduler: Scheduler;
  readonly #name: string;
  readonly #maxsize: number;
  readonly #items = new ItemStore<T>();
  /** Those who wait for an item, and the numbers of those that they were given; 0 before. */
  readonly #poppers: Waiters<T, number>;
  /** Those who wait for room, and their items. */
  readonly #pushers: Waiters<true, T>;
  readonly #drained: () => void;
  /** Items that threads were given and have not got yet. */
  #underway = 0;

  /** @param drained called when the last item of the stopped channel has reached its thread */
  constructor(
    scheduler: Scheduler,
    queue: { readonly name: string },
    maxsize: number,
    drained: () => void,
  ) {
    this.#scheduler = scheduler;
    this.#name = queue.name;
    this.#maxsize = maxsize;
    this.#drained = drained;
    this.#poppers = new Waiters(scheduler, queue, {
      failure: () => `Cannot pop from ${this.#name}`,
      reason: () => "it is empty",
      // The item was not used: somebody else gets it.
      revoked: (wait, item) => this.#takeBack(wait.detail, item),
      delivered: (wait) => {
        if (wait.detail > 0) this.#delivered();
      },
    });
    this.#pushers = new Waiters(scheduler, queue, {
      failure: () => `Cannot push to ${this.#name}`,
      reason: () => "it is full",
    });
  }

  /** How many items there are. */
  get size(): number {
    return this.#items.size;
  }

  /** How many threads wait, to push or to pop: never both. */
  get waiting(): number {
    return this.#poppers.size + this.#pushers.size;
  }

  /** Whether nothing can be popped any more. */
  get hasEnded(): boolean {
    return this.state === "drained" || this.state === "destroyed";
  }

  /** Puts an item at the end; waits while there is no room. */
  push(item: T, timeout?: number | WaitOptions): Promise<true> {
    // The way of most calls: there is room, and no promise is made.
    if (
      timeout === undefined && this.state === "open" &&
      this.#items.size < this.#maxsize && !this.#scheduler.current.removed &&
      this.#scheduler.mayProceed()
    ) {
      this.#put(item);
      return AT_ONCE;
    }
    const limit = readLimit("push()", timeout, Infinity);
    const refused = this.state !== "open"
      ? this.endedError(`Cannot push to ${this.#name}`)
      : this.#pushers.refusal(item, limit.signal);
    if (refused !== undefined) return rejected(refused);
    if (this.#items.size >= this.#maxsize) {
      return limit.seconds === 0
        ? rejected(this.#pushers.timeoutError(item, 0))
        : this.#pushers.join(item, limit);
    }
    this.#put(item);
    return this.#scheduler.mayProceed()
      ? AT_ONCE
      : this.#pushers.pass(item, true);
  }

  #put(item: T): void {
    this.#items.push(item);
    if (this.#poppers.first !== undefined) this.#match();
  }

  /** Takes the first item; waits while there is none. */
  pop(timeout?: number | WaitOptions): Promise<T> {
    const { size } = this.#items;
    // The way of most calls: there is an item.
    if (
      size > 0 && (timeout === undefined || timeout === Infinity) &&
      !this.#scheduler.current.removed && this.#scheduler.mayProceed()
    ) return Promise.resolve(this.#take());
    const limit = readLimit("pop()", timeout, USUAL);
    const refused = this.hasEnded
      ? this.endedError(`Cannot pop from ${this.#name}`)
      : this.#poppers.refusal(0, limit.signal);
    if (refused !== undefined) return rejected(refused);
    if (size === 0 && limit.seconds === 0) {
      return rejected(this.#poppers.timeoutError(0, 0));
    }
    if (size > 0 && this.#scheduler.mayProceed()) {
      return Promise.resolve(this.#take());
    }
    const promise = this.#poppers.join(0, limit);
    if (size > 0) this.#match();
    return promise;
  }

  #take(): T {
    const item = this.#items.take();
    if (this.#pushers.first !== undefined || this.state === "stopping") {
      this.#match();
    }
    return item;
  }

  /** Takes no more items: pushes that wait for room fail. */
  stop(): void {
    if (this.state !== "open") return;
    this.state = "stopping";
    this.#refusePushers();
    this.#match();
  }

  /** Gives the items up: all who wait get an error. */
  destroy(): void {
    this.state = "destroyed";
    this.#items.clear();
    this.#refusePushers();
    this.#refusePoppers();
  }

  /** An item comes back from a thread that was removed before it could use it. */
  #takeBack(number: number, item: T): void {
    if (this.state === "destroyed") return;
    this.#items.putBack(number, item);
    this.#match();
  }

  /** A thread has got its item. */
  #delivered(): void {
    this.#underway--;
    if (this.state === "stopping") this.#match();
  }

  /** The error of a call that comes too late. */
  endedError(failure: string): DestroyedError {
    const why = this.state === "stopping"
      ? "it is stopping"
      : "it is destroyed";
    return new DestroyedError(`${failure}: ${why}`);
  }

  /** Gives items to those who wait for them, and room to those who wait for that. */
  #match(): void {
    const items = this.#items;
    for (;;) {
      const popper = this.#poppers.first;
      if (popper !== undefined && items.size > 0) {
        const item = items.take();
        popper.detail = items.last;
        this.#underway++;
        popper.resolveLater(item);
        continue;
      }
      const pusher = this.#pushers.first;
      if (pusher === undefined || items.size >= this.#maxsize) break;
      items.push(pusher.detail);
      pusher.resolveLater(true);
    }
    // An item that is under way may still come back.
    if (this.state !== "stopping" || items.size + this.#underway > 0) return;
    this.state = "drained";
    this.#refusePoppers();
    this.#drained();
  }

  #refusePushers(): void {
    this.#pushers.dissolve(() =>
      this.endedError(`Cannot push to ${this.#name}`)
    );
  }

  #refusePoppers(): void {
    this.#poppers.dissolve(() =>
      this.endedError(`Cannot pop from ${this.#name}`)
    );
  }
}
