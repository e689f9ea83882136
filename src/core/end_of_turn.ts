/**
 * The end of a turn of the event loop: when the threads that went on in it have
 * all come to their next wait.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import { outsideThreads } from "./current_thread.ts";

/** Something that collects its output during a turn and sends it at the end. */
export interface EndOfTurnHook {
  /** Called once, at the end of the turn. */
  atEndOfTurn(): void;
}

/** Something whose time begins to run at the end of a turn. */
export interface Timed {
  /** Called once, at the end of the turn, with the clock's time. */
  startTime(now: number): void;
}

/**
 * How many microtasks in a row must find that no thread has called Copas.
 * Every runnable thread takes a step in each; when a thread takes more of them
 * between two calls, its bytes are written a little earlier, which costs another
 * write. Six async functions within one another take fewer.
 */
const QUIET_MICROTASKS = 16;

/** To await it costs half of `queueMicrotask`. */
const RESOLVED = Promise.resolve();

/**
 * Calls the hooks that were set in a turn at its end: to write what was sent,
 * and to give waits their deadlines.
 *
 * `process.nextTick` would tell the end exactly, but loading it takes longer
 * than loading all of Copas.
 */
export class EndOfTurn {
  /** Counts the threads' calls. What serves a call adds to it. */
  calls = 0;
  readonly #clock: Clock;
  #flushes: EndOfTurnHook[] = [];
  #starts: EndOfTurnHook[] = [];
  #timed: Timed[] = [];
  /** Begins to watch for the end of the turn, unless that has begun. */
  #begin?: () => void = undefined;
  /** What `calls` was in the last microtask, and for how many microtasks it has not changed. */
  #callsSeen = 0;
  #quiet = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    // What is begun at the end must not stay in the context of the thread that asked for it first.
    outsideThreads(() => this.#rest());
  }

  /** Calls `hook.atEndOfTurn` at the end of the turn. */
  flushAtEnd(hook: EndOfTurnHook): void {
    this.#flushes.push(hook);
    this.#watch();
  }

  /** Calls `hook.atEndOfTurn` after the hooks that write. */
  startAtEnd(hook: EndOfTurnHook): void {
    this.#starts.push(hook);
    this.#watch();
  }

  /**
   * Calls `item.startTime` at the end of the turn. The clock is asked once for
   * all; and a thread that computes for long before it waits does not lose that
   * time.
   */
  startTimeAtEnd(item: Timed): void {
    this.#timed.push(item);
    this.#watch();
  }

  #watch(): void {
    const begin = this.#begin;
    if (begin === undefined) return;
    this.#begin = undefined;
    begin();
  }

  /** Waits for the first hook of a turn. */
  #rest(): void {
    const asked = new Promise<void>((resolve) => this.#begin = resolve);
    this.#lookOn(asked);
  }

  /** Looks, after `first`, until the threads are quiet. An `await` makes no promise of its own, as a `then` would. */
  async #lookOn(first: Promise<void>): Promise<void> {
    await first;
    do {
      await RESOLVED;
      this.#quiet = this.calls === this.#callsSeen ? this.#quiet + 1 : 0;
      this.#callsSeen = this.calls;
    } while (this.#quiet < QUIET_MICROTASKS);
    this.#quiet = 0;
    // The error of a hook is an error of the program, not a rejection.
    queueMicrotask(this.#endTurn);
  }

  #endTurn = () => {
    try {
      this.#end();
    } finally {
      if (this.#isEmpty) this.#rest();
      else this.#lookOn(RESOLVED);
    }
  };

  /** Whether no hook is set. A hook may set others while it is called. */
  get #isEmpty(): boolean {
    return this.#flushes.length === 0 && this.#starts.length === 0 &&
      this.#timed.length === 0;
  }

  #end(): void {
    const flushes = this.#flushes;
    const starts = this.#starts;
    const timed = this.#timed;
    // New lists first: a hook may set others for the next turn.
    this.#flushes = [];
    this.#starts = [];
    this.#timed = [];
    for (const hook of flushes) hook.atEndOfTurn();
    for (const hook of starts) hook.atEndOfTurn();
    if (timed.length === 0) return;
    const now = this.#clock.now();
    for (const item of timed) item.startTime(now);
  }
}
