/**
 * Measures the dispatcher's steps, for `status(true)`.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { EndOfTurn, EndOfTurnHook } from "./end_of_turn.ts";

/** What `status()` tells about the steps since it was called last. Durations are in milliseconds. */
export interface StepStatistics {
  /** How many steps there were. */
  steps: number;
  /** When the measuring began, in the clock's seconds. */
  timestart: number;
  /** When it ended. */
  timeend: number;
  /** Seconds between them. */
  timetot: number;
  /** Milliseconds from step to step, on average. */
  timeavg: number;
  /** The shortest step. */
  durationmin: number;
  /** The longest step. */
  durationmax: number;
  /** The average step. */
  durationavg: number;
  /** All steps together. */
  durationtot: number;
  /** The shortest step since measuring was switched on. */
  durationminever: number;
  /** The longest step since then. */
  durationmaxever: number;
}

/** What the timings need of the dispatcher. */
export interface TimedRounds {
  readonly clock: Clock;
  readonly endOfTurn: EndOfTurn;
}

/** Times each round, up to the next one or to the end of the turn in which its threads ran. */
export class StepTimings implements EndOfTurnHook {
  readonly #endOfTurn: EndOfTurn;
  readonly #clock: Clock;
  #began = NaN;
  #since: number;
  #durations = new Durations();
  readonly #ever = new Durations();

  constructor({ clock, endOfTurn }: TimedRounds) {
    this.#endOfTurn = endOfTurn;
    this.#clock = clock;
    this.#since = this.#clock.now();
  }

  /** A round begins. */
  roundBegins(): void {
    this.atEndOfTurn();
    this.#began = this.#clock.now();
    this.#endOfTurn.flushAtEnd(this);
  }

  /** The threads of the round have run. */
  atEndOfTurn(): void {
    if (Number.isNaN(this.#began)) return;
    const duration = (this.#clock.now() - this.#began) * 1000;
    this.#began = NaN;
    this.#durations.add(duration);
    this.#ever.add(duration);
  }

  /** What was measured since the last call; nothing when there was no step. */
  take(): StepStatistics | undefined {
    const durations = this.#durations;
    const { count } = durations;
    if (count === 0) return undefined;
    const timestart = this.#since;
    const timeend = this.#since = this.#clock.now();
    this.#durations = new Durations();
    return {
      steps: count,
      timestart,
      timeend,
      timetot: timeend - timestart,
      timeavg: (timeend - timestart) * 1000 / count,
      durationmin: durations.least,
      durationmax: durations.most,
      durationavg: durations.sum / count,
      durationtot: durations.sum,
      durationminever: this.#ever.least,
      durationmaxever: this.#ever.most,
    };
  }
}

class Durations {
  count = 0;
  sum = 0;
  least = Infinity;
  most = 0;

  add(duration: number): void {
    this.count++;
    this.sum += duration;
    this.least = Math.min(this.least, duration);
    this.most = Math.max(this.most, duration);
  }
}
