/**
 * The inside of a queue: which thread gets which item, and whose item gets room.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../core/wait.ts";
import { DestroyedError, TimeoutError } from "../errors.ts";
import { ItemStore } from "./item_store.ts";
import { Line, readLimit, refusal, rejected, ToolWait } from "./line.ts";

/** It takes items; it only gives them; all were taken; they were given up. */
export type ChannelState = "open" | "stopping" | "drained" | "destroyed";

/** Seconds that `pop` waits when it is not told otherwise. */
const USUAL = 10;

/** A push that did not wait. */
const AT_ONCE = Promise.resolve(true as const);

class PushWait<T> extends ToolWait<true> {
  constructor(
    readonly channel: Channel<T>,
    readonly item: T,
    seconds: number,
  ) {
    super(channel.scheduler, channel.queue, seconds);
  }

  protected failure(): string {
    return `Cannot push to ${this.channel.queue.name}`;
  }

  protected override timeoutError(seconds: number): TimeoutError {
    return isFull(this.failure(), seconds);
  }
}

class PopWait<T> extends ToolWait<T> {
  /** The number of the item that it was given; 0 before. */
  number = 0;

  constructor(readonly channel: Channel<T>, seconds: number) {
    super(channel.scheduler, channel.queue, seconds);
  }

  protected failure(): string {
    return `Cannot pop from ${this.channel.queue.name}`;
  }

  protected override timeoutError(seconds: number): TimeoutError {
    return isEmpty(this.failure(), seconds);
  }

  /** The item was not used: somebody else gets it. */
  protected override revoked(item: T): void {
    this.channel.takeBack(this.number, item);
  }

  override deliver(): void {
    super.deliver();
    if (this.number > 0) this.channel.delivered();
  }
}

/** Items on their way from those who push to those who pop. */
export class Channel<T> {
  state: ChannelState = "open";
  readonly scheduler: Scheduler;
  /** To which it belongs. */
  readonly queue: { readonly name: string };
  readonly maxsize: number;
  readonly #items = new ItemStore<T>();
  readonly #poppers: Line<PopWait<T>>;
  readonly #pushers: Line<PushWait<T>>;
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
    this.scheduler = scheduler;
    this.queue = queue;
    this.maxsize = maxsize;
    this.#drained = drained;
    this.#poppers = new Line(scheduler);
    this.#pushers = new Line(scheduler);
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
      this.#items.size < this.maxsize && !this.scheduler.current.removed &&
      this.scheduler.mayProceed()
    ) {
      this.#put(item);
      return AT_ONCE;
    }
    const limit = readLimit("push()", timeout, Infinity);
    const failure = () => `Cannot push to ${this.queue.name}`;
    const refused = this.state !== "open"
      ? this.endedError(failure())
      : refusal(this.scheduler.current, limit.signal, failure);
    if (refused !== undefined) return rejected(refused);
    const room = this.#items.size < this.maxsize;
    if (room) {
      this.#put(item);
      if (this.scheduler.mayProceed()) return AT_ONCE;
    } else if (limit.seconds === 0) {
      return rejected(isFull(failure(), 0));
    }
    const wait = new PushWait(this, item, limit.seconds);
    if (!room) return this.#pushers.join(wait, limit);
    wait.resolveLater(true);
    return wait.promise;
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
      !this.scheduler.current.removed && this.scheduler.mayProceed()
    ) return Promise.resolve(this.#take());
    const limit = readLimit("pop()", timeout, USUAL);
    const failure = () => `Cannot pop from ${this.queue.name}`;
    const refused = this.hasEnded
      ? this.endedError(failure())
      : refusal(this.scheduler.current, limit.signal, failure);
    if (refused !== undefined) return rejected(refused);
    if (size > 0 && this.scheduler.mayProceed()) {
      return Promise.resolve(this.#take());
    }
    if (size === 0 && limit.seconds === 0) {
      return rejected(isEmpty(failure(), 0));
    }
    const wait = new PopWait(this, limit.seconds);
    const { promise } = wait;
    this.#poppers.join(wait, limit);
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
  takeBack(number: number, item: T): void {
    if (this.state === "destroyed") return;
    this.#items.putBack(number, item);
    this.#match();
  }

  /** A thread has got its item. */
  delivered(): void {
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
        popper.number = items.last;
        this.#underway++;
        popper.resolveLater(item);
        continue;
      }
      const pusher = this.#pushers.first;
      if (pusher === undefined || items.size >= this.maxsize) break;
      items.push(pusher.item);
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
      this.endedError(`Cannot push to ${this.queue.name}`)
    );
  }

  #refusePoppers(): void {
    this.#poppers.dissolve(() =>
      this.endedError(`Cannot pop from ${this.queue.name}`)
    );
  }
}

function isFull(failure: string, seconds: number): TimeoutError {
  return new TimeoutError(
    `${failure}: timed out after ${seconds} s; it is full`,
  );
}

function isEmpty(failure: string, seconds: number): TimeoutError {
  return new TimeoutError(
    `${failure}: timed out after ${seconds} s; it is empty`,
  );
}
