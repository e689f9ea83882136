/**
 * Queues of waits: first come, first served, and every wait can leave from
 * where it stands in constant time.
 *
 * @module
 */

import { Sleeper } from "./sleep_queue.ts";
import type { Scheduler } from "./scheduler.ts";
import type { AnyWait } from "./wait.ts";

/** A FIFO of waits. A wait stands in one queue at most. */
export class WaitQueue<W extends AnyWait = AnyWait> {
  /** Who is served next. */
  first?: W = undefined;
  /** Who came last. */
  last?: W = undefined;
  /** How many wait. */
  size = 0;

  /** Lets `wait` stand in line. One that has ended already stays outside. */
  push(wait: W): void {
    if (!wait.pending) return;
    wait.queue = this as unknown as WaitQueue;
    wait.before = this.last;
    if (this.last === undefined) this.first = wait;
    else this.last.after = wait;
    this.last = wait;
    this.size++;
  }

  /** Takes `wait` out, wherever it stands. */
  delete(wait: W): void {
    const { before, after } = wait as { before?: W; after?: W };
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    wait.queue = wait.before = wait.after = undefined;
    this.size--;
  }

  /** Those that wait, in their order. They may leave while the caller goes through them. */
  *[Symbol.iterator](): Generator<W> {
    for (let wait = this.first; wait !== undefined;) {
      const next = wait.after as W | undefined;
      yield wait;
      wait = next;
    }
  }
}

/**
 * A FIFO of waits with one entry in the sleep queue for all of them.
 *
 * A deadline that is met costs nothing: the entry stays where it is, and when
 * it comes up early it is moved on. The clock is asked once a turn, at its end,
 * for all waits that began in it: so a thread that computed for long before it
 * waited does not lose that time.
 */
export class TimedWaitQueue<W extends AnyWait = AnyWait> extends WaitQueue<W> {
  readonly #scheduler: Scheduler;
  /** The entry in the sleep queue, once somebody has waited for a limited time. */
  #alarm?: QueueAlarm = undefined;
  #unstamped = false;

  constructor(scheduler: Scheduler) {
    super();
    this.#scheduler = scheduler;
  }

  /** Lets `wait` stand in line for at most `seconds`. */
  pushFor(wait: W, seconds: number): void {
    this.push(wait);
    wait.timeout = seconds;
    // It may have been here before, for another time.
    wait.at = seconds === Infinity ? Infinity : NaN;
    if (seconds === Infinity) return;
    if (this.#unstamped) return;
    this.#unstamped = true;
    this.#scheduler.endOfTurn.stampAtEnd(this);
  }

  /** The end of the turn: gives the new waits their deadlines. */
  stamp(now: number): void {
    this.#unstamped = false;
    let next = Infinity;
    for (
      let wait = this.last;
      wait !== undefined;
      wait = wait.before as W | undefined
    ) {
      if (wait.timeout === Infinity) continue;
      if (!Number.isNaN(wait.at)) break; // older ones have theirs already
      wait.at = now + wait.timeout;
      next = Math.min(next, wait.at);
    }
    this.#wakeAt(next);
  }

  /** The entry came up: gives up on those whose time has come, and moves on to the next. */
  expire(now: number): void {
    // All of them first: one that leaves may let others behind it go on, and
    // those would take the way through the queue with them.
    const late = [...this].filter((wait) => wait.at <= now);
    for (const wait of late) wait.expire(wait.timeout);
    this.#wakeAt(this.nextDeadline);
  }

  /** When the first of those that wait gives up. */
  get nextDeadline(): number {
    let next = Infinity;
    for (const wait of this) if (wait.at < next) next = wait.at;
    return next;
  }

  /** Takes the entry out of the sleep queue: nobody will wait here any more. */
  dispose(): void {
    if (this.#alarm !== undefined) this.#scheduler.sleepers.delete(this.#alarm);
  }

  #wakeAt(time: number): void {
    if (time === Infinity) return;
    const alarm = this.#alarm ??= new QueueAlarm(this);
    if (alarm.place < 0 || time < alarm.at) {
      this.#scheduler.sleepUntil(alarm, time);
    }
  }
}

class QueueAlarm extends Sleeper {
  readonly #queue: TimedWaitQueue;

  // deno-lint-ignore no-explicit-any
  constructor(queue: TimedWaitQueue<any>) {
    super();
    this.#queue = queue;
  }

  override get dueAt(): number {
    return this.#queue.nextDeadline;
  }

  due(now: number): void {
    this.#queue.expire(now);
  }
}
