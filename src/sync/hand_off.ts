/**
 * How the items of a queue get from the threads that push to those that pop:
 * which thread gets which item, and whose item gets room.
 *
 * @module
 */

import { settleRace } from "../core/race_signal.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { DestroyedError } from "../errors/errors.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import { ItemStore } from "./item_store.ts";
import { Waiters } from "./waiters.ts";
import { rejectedCall, resolvedTrue } from "../core/immediate_call.ts";

/**
 * `open`: items can be pushed and popped. `stopping`: they can only be popped.
 * `drained`: stopped, and all of them were popped. `destroyed`: they were given up.
 */
export type HandOffState = "open" | "stopping" | "drained" | "destroyed";

/** Seconds that `pop` waits when the caller names no timeout. */
const POP_TIMEOUT = 10;

/** The items of one queue, and the threads that wait for an item or for room. */
export class HandOff<T> {
  readonly #scheduler: Scheduler;
  /** The name of the queue. */
  readonly name: string;
  readonly #maxsize: number;
  readonly #ondrained: () => void;
  readonly #items = new ItemStore<T>();
  /** The threads that wait for an item, each with the number of the item that it was given; 0 before. */
  readonly #poppers: Waiters<T, number>;
  /** The threads that wait for room, each with its item. */
  readonly #pushers: Waiters<true, T>;
  #state: HandOffState = "open";
  /** How many items threads were given that have not got them yet. */
  #undelivered = 0;

  /** @param ondrained called when the last item of the stopped queue has reached its thread */
  constructor(
    scheduler: Scheduler,
    queue: { readonly name: string },
    maxsize: number,
    ondrained: () => void,
  ) {
    this.#scheduler = scheduler;
    this.name = queue.name;
    this.#maxsize = maxsize;
    scheduler.queues.add(this);
    this.#ondrained = ondrained;
    this.#poppers = new Waiters(scheduler, queue, {
      messagePrefix: () => `Cannot pop from ${this.name}`,
      timeoutReason: () => "it is empty",
      revoked: (wait, item) => this.#takeBack(wait.detail, item),
      delivered: (wait) => {
        if (wait.detail > 0) this.#delivered();
      },
    });
    this.#pushers = new Waiters(scheduler, queue, {
      messagePrefix: () => `Cannot push to ${this.name}`,
      timeoutReason: () => "it is full",
    });
  }

  /** Whether items can be pushed, popped, or neither. */
  get state(): HandOffState {
    return this.#state;
  }

  /** Whether nothing can be popped any more. */
  get hasEnded(): boolean {
    return this.#state === "drained" || this.#state === "destroyed";
  }

  /** How many items there are. */
  get size(): number {
    return this.#items.size;
  }

  /** How many threads wait, to push or to pop: never both. */
  get waiting(): number {
    return this.#poppers.size + this.#pushers.size;
  }

  /** Puts an item at the end; waits while there is no room. */
  push(item: T, timeout?: number | WaitOptions): Promise<true> {
    // The common case: there is room, and no promise is made.
    if (
      timeout === undefined && this.#state === "open" &&
      this.#items.size < this.#maxsize && !this.#scheduler.isCurrentRemoved &&
      this.#scheduler.mayProceed()
    ) {
      this.#put(item);
      return resolvedTrue;
    }
    try {
      return this.#push(item, timeout);
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  #push(item: T, timeout?: number | WaitOptions): Promise<true> {
    const limit = readWaitOptions("push()", timeout, Infinity);
    if (this.#state !== "open") throw this.endedError("push to");
    this.#pushers.checkNotCancelled(item, limit.signal);
    if (this.#items.size >= this.#maxsize) {
      return this.#pushers.wait(item, limit);
    }
    if (limit.signal !== undefined) settleRace(limit.signal);
    this.#put(item);
    return this.#scheduler.mayProceed()
      ? resolvedTrue
      : this.#pushers.giveLater(item, true).promise;
  }

  #put(item: T): void {
    this.#items.push(item);
    if (this.#poppers.first !== undefined) this.#match();
  }

  /** Takes the first item; waits while there is none. */
  pop(timeout?: number | WaitOptions): Promise<T> {
    // The common case: there is an item.
    if (
      this.#items.size > 0 &&
      (timeout === undefined || timeout === Infinity) &&
      !this.#scheduler.isCurrentRemoved && this.#scheduler.mayProceed()
    ) return Promise.resolve(this.#take());
    try {
      return this.#pop(timeout);
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  #pop(timeout?: number | WaitOptions): Promise<T> {
    const limit = readWaitOptions("pop()", timeout, POP_TIMEOUT);
    if (this.hasEnded) throw this.endedError("pop from");
    this.#poppers.checkNotCancelled(0, limit.signal);
    if (this.#items.size === 0) return this.#poppers.wait(0, limit);
    if (this.#scheduler.mayProceed()) {
      if (limit.signal !== undefined) settleRace(limit.signal);
      return Promise.resolve(this.#take());
    }
    // The item is the thread's own now, and reaches it in the next round.
    const promise = this.#poppers.enqueue(0, limit);
    this.#match();
    return promise;
  }

  #take(): T {
    const item = this.#items.take();
    if (this.#pushers.first !== undefined || this.#state === "stopping") {
      this.#match();
    }
    return item;
  }

  /** Takes no more items: pushes that wait for room fail. */
  stop(): void {
    if (this.#state !== "open") return;
    this.#state = "stopping";
    this.#rejectPushers();
    this.#match();
  }

  /** Gives the items up: all threads that wait get an error. */
  destroy(): void {
    this.#state = "destroyed";
    this.#items.clear();
    this.#rejectPushers();
    this.#rejectPoppers();
  }

  /** The error of a call that comes too late: `call` and the queue's name begin its message. */
  endedError(call: string): DestroyedError {
    const reason = this.#state === "stopping"
      ? "it is stopping"
      : "it is destroyed";
    return new DestroyedError(`Cannot ${call} ${this.name}: ${reason}`);
  }

  /** An item comes back from a thread that was removed before it could use it: another thread gets it. */
  #takeBack(number: number, item: T): void {
    if (this.#state === "destroyed") return;
    this.#items.putBack(number, item);
    this.#match();
  }

  /** A thread has got its item. */
  #delivered(): void {
    this.#undelivered--;
    if (this.#state === "stopping") this.#match();
  }

  /** Gives items to the threads that wait for them, and room to those that wait for room. */
  #match(): void {
    const items = this.#items;
    for (;;) {
      const popper = this.#poppers.first;
      if (popper !== undefined && items.size > 0) {
        const item = items.take();
        popper.detail = items.lastTaken;
        this.#undelivered++;
        popper.resolveLater(item);
        continue;
      }
      const pusher = this.#pushers.first;
      if (pusher === undefined || items.size >= this.#maxsize) break;
      items.push(pusher.detail);
      pusher.resolveLater(true);
    }
    if (this.#state === "stopping") this.#drainIfEmpty();
  }

  #drainIfEmpty(): void {
    // An item that was not delivered may still come back.
    if (this.#items.size + this.#undelivered > 0) return;
    this.#state = "drained";
    this.#rejectPoppers();
    this.#ondrained();
  }

  #rejectPushers(): void {
    this.#pushers.rejectAll(() => this.endedError("push to"));
  }

  #rejectPoppers(): void {
    this.#poppers.rejectAll(() => this.endedError("pop from"));
  }
}
