/**
 * The bytes that connections may keep waiting in memory: what has come and was
 * not received, and what was sent and is not written.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { WaitingRead } from "../readiness/meter.ts";
import type { Clock } from "./clock.ts";

/** The bytes of a dispatcher whose program says nothing: 256 MiB. */
export const DEFAULT_BUFFERED = 256 * 1024 * 1024;

/** What holds more is looked at when the worst offender is sought. */
const WORTH_CLOSING = 4096;

/** Seconds after which connections that wait for room get it, be it from the worst offender. */
const STALL = 5;

/** A connection, as the budget sees it. */
export interface MemoryHolder {
  /** How many bytes it holds. */
  readonly held: number;
  /** Closes it, because more than twice `max` bytes are held and it holds most of them. */
  closeWorst(max: number): void;
}

/** What a budget needs of its dispatcher. */
interface BudgetHost {
  readonly clock: Clock;
  setDeadline(entry: DeadlineEntry, time: number): void;
  clearDeadline(entry: DeadlineEntry): void;
}

/** What part of the budget may stay held when reads have waited for so long. */
const RELIEVED = 7 / 8;

/** The budget of a server, or of a dispatcher. */
export class MemoryBudget {
  /** How many bytes are held. */
  used = 0;
  #max: number;
  readonly #host: BudgetHost;
  readonly #parent?: MemoryBudget;
  /** The reads that wait for room, with what they need, in their order. */
  readonly #waiting = new Map<WaitingRead, number>();
  /** The connections that hold more than a little. */
  readonly #large = new Set<MemoryHolder>();
  readonly #stall: StallAlarm;
  /** Whether connections are being closed, so that there is room for others later. */
  #isRelieving = false;

  /** @param parent the budget of the dispatcher, for that of a server */
  constructor(host: BudgetHost, max: number, parent?: MemoryBudget) {
    this.#host = host;
    this.#max = max;
    this.#parent = parent;
    this.#stall = new StallAlarm(() => this.#relieve());
  }

  /** The most that may be held before those that ask for more have to wait. */
  get max(): number {
    return this.#max;
  }
  set max(max: number) {
    this.#max = max;
    while (this.used > 2 * max && this.#closeWorst());
    this.#serve();
  }

  /** How many reads wait for room. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether there is room for so many more bytes. */
  hasRoom(bytes: number): boolean {
    return this.used + bytes <= this.#max &&
      (this.#parent === undefined || this.#parent.hasRoom(bytes));
  }

  /** Lets `read` begin when there is room for `bytes` more. */
  wait(read: WaitingRead, bytes: number): void {
    if (this.used + bytes <= this.#max && this.#parent !== undefined) {
      return this.#parent.wait(read, bytes);
    }
    if (this.#waiting.size === 0) this.#startAlarm(STALL);
    this.#waiting.set(read, bytes);
  }

  /** `read` is not wanted any more. */
  leave(read: WaitingRead): void {
    this.#parent?.leave(read);
    this.#waiting.delete(read);
    if (this.#waiting.size === 0) this.#host.clearDeadline(this.#stall);
  }

  /** `holder` holds so many bytes more, or less; its `held` tells so already. */
  change(bytes: number, holder: MemoryHolder): void {
    this.used += bytes;
    this.#parent?.change(bytes, holder);
    const { held } = holder;
    const isLarge = held > WORTH_CLOSING;
    if (isLarge !== held - bytes > WORTH_CLOSING) {
      if (isLarge) this.#large.add(holder);
      else this.#large.delete(holder);
    }
    if (bytes > 0) {
      if (this.used > 2 * this.#max) this.#closeWorst();
    } else if (this.#waiting.size > 0) this.#serve();
  }

  #serve(): void {
    if (this.#isRelieving) return;
    for (const [read, bytes] of this.#waiting) {
      if (!this.hasRoom(bytes)) return;
      this.leave(read);
      read.granted(bytes);
    }
  }

  #closeWorst(): boolean {
    let worst: MemoryHolder | undefined;
    for (const meter of this.#large) {
      if (worst === undefined || meter.held > worst.held) worst = meter;
    }
    worst?.closeWorst(this.max);
    return worst !== undefined;
  }

  /**
   * Reads have waited for long: all may be unfinished messages that never end,
   * of peers that have gone perhaps. A part of the room is made free for them.
   */
  #relieve(): void {
    if (this.#waiting.size === 0) return;
    const most = this.max * RELIEVED;
    this.#isRelieving = true;
    while (this.used > most && this.#closeWorst());
    this.#isRelieving = false;
    this.#serve();
    if (this.#waiting.size > 0) this.#startAlarm(1);
  }

  #startAlarm(seconds: number): void {
    const { clock } = this.#host;
    this.#host.setDeadline(this.#stall, clock.now() + seconds);
  }
}

/** The budget of a server of a dispatcher: without a limit of its own at first. */
export function newServerBudget(
  scheduler: BudgetHost & { readonly memory: MemoryBudget },
): MemoryBudget {
  return new MemoryBudget(scheduler, Infinity, scheduler.memory);
}

class StallAlarm extends DeadlineEntry {
  readonly #ring: () => void;

  constructor(ring: () => void) {
    super();
    this.#ring = ring;
  }

  due(): void {
    this.#ring();
  }
}
