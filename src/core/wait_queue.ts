/**
 * Queues of waits: first come, first served, and every wait can leave from
 * where it stands in constant time.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
import { LinkedList, ListNode } from "../collections/linked_list.ts";
import type { Timed } from "./end_of_turn.ts";
import type { AnyWait, WaitHost } from "./wait.ts";
import type { WaitPlace } from "./wait_place.ts";

/** A FIFO of waits. A wait stands in one queue at most. */
export class WaitQueue<W extends AnyWait = AnyWait>
  implements WaitPlace<AnyWait> {
  protected readonly waits: LinkedList<W> = new LinkedList();

  /** The wait that is served next. */
  get first(): W | undefined {
    return this.waits.oldest;
  }

  /** The wait that came last. */
  get last(): W | undefined {
    return this.waits.newest;
  }

  /** How many waits there are. */
  get size(): number {
    return this.waits.size;
  }

  /** Puts `wait` at the end. A wait that has ended already stays out. */
  push(wait: W): void {
    if (!wait.pending) return;
    wait.queue = this;
    wait.queueNode ??= new ListNode<AnyWait>(wait);
    this.waits.append(wait.queueNode as ListNode<W>);
  }

  /** Takes `wait` out, wherever it stands. */
  delete(wait: W): void {
    this.waits.remove(wait.queueNode as ListNode<W>);
    wait.queue = undefined;
    if (this.waits.newestNode === undefined) this.emptied();
  }

  /** Called when the last wait has left. */
  protected emptied(): void {}

  /** The queue leaves the deadlines to the waits. */
  startTimeAtEnd(): boolean {
    return false;
  }

  /** The waits, in their order. They may leave while the caller goes through them. */
  [Symbol.iterator](): Generator<W> {
    return this.waits[Symbol.iterator]();
  }
}

/** How many waits share an entry: finding out the earliest deadline goes through all. */
const MOST_SHARED = 8;

/**
 * A FIFO of waits with one entry among the scheduler's deadlines for a few of
 * them, as a socket has. Where many wait, as for a lock, each of those that come
 * last has an entry of its own.
 *
 * A deadline that is met costs nothing where it is shared: the entry stays where
 * it is, and when its time comes early it is moved on.
 */
export class TimedWaitQueue<W extends AnyWait = AnyWait> extends WaitQueue<W>
  implements Timed {
  readonly #scheduler: WaitHost;
  /** The entry, once a wait of the queue has had a deadline. */
  #alarm?: QueueAlarm = undefined;
  /** Whether the queue waits for the end of the turn, because a wait has no deadline yet. */
  #startsAtEnd = false;

  constructor(scheduler: WaitHost) {
    super();
    this.#scheduler = scheduler;
  }

  /** Puts `wait` at the end, for at most `seconds` from the end of the turn; `Infinity` is no limit. */
  pushFor(wait: W, seconds: number): void {
    this.push(wait);
    wait.limitTime(seconds);
  }

  override startTimeAtEnd(): boolean {
    if (!this.#startsAtEnd) this.#scheduler.endOfTurn.startTimeAtEnd(this);
    return this.#startsAtEnd = true;
  }

  /** The end of the turn: gives the waits that were limited in it their deadlines. */
  startTime(now: number): void {
    this.#startsAtEnd = false;
    const isShared = !this.#areMany;
    let next = Infinity;
    for (let node = this.waits.newestNode; node; node = node.older) {
      const wait = node.item;
      if (wait.timeout === Infinity) continue;
      // Older waits have got their deadlines at the end of an earlier turn.
      if (wait.deadline < Infinity) break;
      wait.deadline = now + wait.timeout;
      if (isShared) next = Math.min(next, wait.deadline);
      else this.#scheduler.setDeadline(wait, wait.deadline);
    }
    this.#expireAt(next);
  }

  /** Whether more waits stand here than share the entry. */
  get #areMany(): boolean {
    let node = this.waits.newestNode;
    for (let i = 0; i < MOST_SHARED && node !== undefined; i++) {
      node = node.older;
    }
    return node !== undefined;
  }

  /** The entry comes up at `time`, or before. */
  #expireAt(time: number): void {
    if (time === Infinity) return;
    const alarm = this.#alarm ??= new QueueAlarm(this);
    if (alarm.place < 0 || time < alarm.deadline) {
      this.#scheduler.setDeadline(alarm, time);
    }
  }

  /** The entry came up: ends the waits whose deadlines have been reached, and moves on to the next. */
  expire(now: number): void {
    // All of them first: a wait that leaves may let waits behind it leave, and
    // the way through the queue would end there.
    const late = [...this].filter((wait) => wait.deadline <= now);
    for (const wait of late) wait.expire(wait.timeout);
    this.#expireAt(this.nextDeadline);
  }

  /** The earliest deadline of the waits that share the entry; `Infinity` when none has one. */
  get nextDeadline(): number {
    let next = Infinity;
    for (const wait of this) {
      if (wait.place < 0) next = Math.min(next, wait.deadline);
    }
    return next;
  }

  /** Takes the entry out of the scheduler's deadlines: no wait will come any more. */
  dispose(): void {
    if (this.#alarm !== undefined) this.#scheduler.clearDeadline(this.#alarm);
  }
}

/** The earliest deadline of a queue, or an earlier time. */
class QueueAlarm extends DeadlineEntry {
  readonly #queue: TimedWaitQueue;

  // deno-lint-ignore no-explicit-any
  constructor(queue: TimedWaitQueue<any>) {
    super();
    this.#queue = queue;
  }

  override updateDeadline(): void {
    this.deadline = this.#queue.nextDeadline;
  }

  due(now: number): void {
    this.#queue.expire(now);
  }
}
