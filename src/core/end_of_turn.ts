/**
 * The end of a turn: when the threads that went on in it have all come to their
 * next wait.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { outside } from "./thread.ts";
import type { TimedWaitQueue } from "./wait_queue.ts";

/** Something that collects its output during a turn and sends it at the end. */
export interface EndOfTurnHook {
  /** Called once, at the end of the turn. */
  atEndOfTurn(): void;
}

/**
 * How many microtasks in a row must find that no thread has called Copas.
 * Every runnable thread takes a step in each; a thread that takes more of them
 * between two calls has its bytes written a little earlier, and no harm is done.
 */
const STILL = 6;

/**
 * Calls those who asked for it at the end of the turn: to write what was sent,
 * and to give waits their deadlines.
 *
 * `process.nextTick` would tell the end exactly, but loading it takes longer
 * than loading all of Copas.
 */
export class EndOfTurn {
  /** Counts the threads' calls. Whoever serves one adds to it. */
  calls = 0;
  readonly #clock: Clock;
  #flushes: EndOfTurnHook[] = [];
  #stamps: TimedWaitQueue[] = [];
  #starts: EndOfTurnHook[] = [];
  /** Begins a turn, unless one is under way. */
  #begin?: () => void = undefined;
  #seen = 0;
  #still = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    // What is begun at the end must not remember the thread that asked for it first.
    outside(() => this.#rest());
  }

  /** Calls `item.atEndOfTurn` at the end of the turn. */
  flushAtEnd(item: EndOfTurnHook): void {
    this.#flushes.push(item);
    this.#watch();
  }

  /** Gives the new waits of `queue` their deadlines at the end of the turn. */
  stampAtEnd(queue: TimedWaitQueue): void {
    this.#stamps.push(queue);
    this.#watch();
  }

  /** Calls `item.atEndOfTurn` after those that write. */
  startAtEnd(item: EndOfTurnHook): void {
    this.#starts.push(item);
    this.#watch();
  }

  #watch(): void {
    const begin = this.#begin;
    if (begin === undefined) return;
    this.#begin = undefined;
    begin();
  }

  /** Waits for somebody to ask. */
  #rest(): void {
    const asked = new Promise<void>((resolve) => this.#begin = resolve);
    asked.then(this.#lookOn);
  }

  #lookOn = () => queueMicrotask(this.#look);

  #look = () => {
    this.#still = this.calls === this.#seen ? this.#still + 1 : 0;
    this.#seen = this.calls;
    if (this.#still < STILL) return this.#lookOn();
    this.#still = 0;
    try {
      this.#end();
    } finally {
      if (this.#isEmpty) this.#rest();
      else this.#lookOn();
    }
  };

  /** Whether nobody has asked for the end of the turn. Somebody may while it comes: who is called there may send. */
  get #isEmpty(): boolean {
    return this.#flushes.length === 0 && this.#starts.length === 0 &&
      this.#stamps.length === 0;
  }

  #end(): void {
    const flushes = this.#flushes;
    const stamps = this.#stamps;
    const starts = this.#starts;
    this.#flushes = [];
    this.#stamps = [];
    this.#starts = [];
    for (const item of flushes) item.atEndOfTurn();
    for (const item of starts) item.atEndOfTurn();
    if (stamps.length === 0) return;
    const now = this.#clock.now();
    for (const queue of stamps) queue.stamp(now);
  }
}
