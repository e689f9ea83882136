/**
 * Measures how long the threads keep the event loop, and how late they go on.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { EndOfTurn, EndOfTurnHook } from "./end_of_turn.ts";
import { BOUNDS, Histogram } from "./histogram.ts";
import type { DurationRecorder } from "./metrics.ts";

/** What hears when the threads begin to run in a turn of the event loop, and when all of them wait again. */
export interface TurnListener {
  /** Threads go on from here on. */
  turnBegins(now: number): void;
  /** They all wait. */
  turnEnds(): void;
}

/** Measures the turns of one dispatcher, from its first call on. */
export class RoundWatch implements EndOfTurnHook {
  /** From the first thread that went on in a turn until all had come to their waits, in seconds. */
  readonly holds: Histogram = new Histogram(BOUNDS["copas.loop.hold.duration"]);
  /** By how much the earliest deadline of a round was missed, in seconds. */
  readonly lag: Histogram = new Histogram(BOUNDS["copas.loop.lag"]);
  /** Hears of each hold and each lag. */
  recorder?: DurationRecorder = undefined;
  /** Hears of each turn. */
  listener?: TurnListener = undefined;
  readonly #clock: Clock;
  readonly #endOfTurn: EndOfTurn;
  #began = NaN;

  constructor(clock: Clock, endOfTurn: EndOfTurn) {
    this.#clock = clock;
    this.#endOfTurn = endOfTurn;
  }

  /** A round begins at `now`, or at `-Infinity` where it looks at no deadline. The earliest one is `due`. */
  roundBegins(due: number, now: number): void {
    if (due <= now) {
      this.lag.record(now - due);
      this.recorder?.("copas.loop.lag", now - due);
    }
    // Further rounds of the same turn belong to the same hold.
    if (!Number.isNaN(this.#began)) return;
    this.#began = this.#clock.now();
    // After the writes: they are a part of what the threads ask for.
    this.#endOfTurn.startAtEnd(this);
    this.listener?.turnBegins(this.#began);
  }

  /** The threads of the turn all wait again. */
  atEndOfTurn(): void {
    const seconds = this.#clock.now() - this.#began;
    this.holds.record(seconds);
    this.recorder?.("copas.loop.hold.duration", seconds);
    this.#began = NaN;
    this.listener?.turnEnds();
  }
}

/** What the watch needs of its dispatcher. */
interface WatchedRounds {
  readonly clock: Clock;
  readonly endOfTurn: EndOfTurn;
  watch?: RoundWatch;
}

/** Measures the rounds of a dispatcher from now on, if that has not begun. */
export function watchRounds(rounds: WatchedRounds): RoundWatch {
  const { clock, endOfTurn } = rounds;
  return rounds.watch ??= new RoundWatch(clock, endOfTurn);
}
