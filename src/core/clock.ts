/**
 * Where the dispatcher's time comes from. Everything that the dispatcher times
 * asks the same clock, for "now" and for being woken; the driver by its alarm.
 *
 * @module
 */

import { afterPoll } from "../readiness/poll.ts";

/** What a clock may ask of the dispatcher whose alarm it keeps. */
export interface ClockHost {
  /** Counts the rounds of the dispatcher: while it stands still, nothing runs. */
  readonly rounds: number;
  /** Whether `loop()`, `step()` or a wait outside every thread drives it. */
  readonly driven: boolean;
  /** Whether it is driven and has something to run. */
  readonly active: boolean;
  /** Whether something outside is under way: an operation of Deno's, or a thread in a promise that is not Copas's. */
  readonly outside: boolean;
  /** Forgets deadlines that were met or given up. Returns whether the alarm was set for one of them. */
  settle(): boolean;
}

/** A source of time: the real one, or a virtual one for tests. */
export interface Clock {
  /** Seconds on a scale that never goes back. */
  now(): number;
  /**
   * Sets an alarm, which keeps the process alive until it rings.
   *
   * @param at the time, in seconds, from which on the alarm rings; `Infinity`
   * is never. A clock that can't wait so long may ring earlier: the dispatcher
   * looks at the time again
   * @param ring called once
   * @param host the dispatcher that sets the alarm
   * @returns a function that takes the alarm back
   */
  alarm(at: number, ring: () => void, host: ClockHost): () => void;
}

/** The longest delay that `setTimeout` takes; beyond it, it fires at once. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's monotonic clock. */
export class RealClock implements Clock {
  /** Seconds since the process started. */
  now(): number {
    return performance.now() / 1000;
  }

  /** Rings after real time; an alarm that is due rings when the system has been asked for I/O. */
  alarm(at: number, ring: () => void): () => void {
    const delay = (at - this.now()) * 1000;
    // A caller that does not wait still gets the data that is there: the data first, then the alarm.
    if (delay <= 0) return afterPoll(ring);
    const timer = setTimeout(ring, Math.min(Math.ceil(delay), LONGEST_DELAY));
    return () => clearTimeout(timer);
  }
}

/** Wakes the driver at a time. It keeps the process alive while the driver rests: no socket does. */
export class Alarm {
  readonly #clock: Clock;
  readonly #host: ClockHost;
  readonly #ring: () => void;
  #time = Infinity;
  #cancel?: () => void = undefined;

  /** @param ring called when the alarm rings */
  constructor(clock: Clock, host: ClockHost, ring: () => void) {
    this.#clock = clock;
    this.#host = host;
    this.#ring = ring;
  }

  /** The time for which it is set; `Infinity` also when it is not set. */
  get time(): number {
    return this.#time;
  }

  /** Whether it is set. */
  get isSet(): boolean {
    return this.#cancel !== undefined;
  }

  /** Sets it for `time`, which may be `Infinity`, in place of any other time. */
  set(time: number): void {
    this.cancel();
    this.#time = time;
    this.#cancel = this.#clock.alarm(time, this.#rings, this.#host);
  }

  /** When it is set for a later time than `time`, sets it for that. */
  setBefore(time: number): void {
    if (this.isSet && time < this.#time) this.set(time);
  }

  /** It will not ring. */
  cancel(): void {
    this.#cancel?.();
    this.#forget();
  }

  #rings = () => {
    this.#forget();
    this.#ring();
  };

  #forget(): void {
    this.#cancel = undefined;
    this.#time = Infinity;
  }
}
