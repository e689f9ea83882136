/**
 * The virtual clock: its time passes when every thread waits.
 *
 * @module
 */

import type { Clock, ClockHost } from "../core/clock.ts";
import { afterPoll } from "../readiness/poll.ts";
import { checkDelay, wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { ClockSignals } from "./clock_signal.ts";
import { IdleWatch } from "./idle_watch.ts";

/** How a virtual clock behaves. */
export interface VirtualClockOptions {
  /** What the clock shows first, in seconds, 0 or more. Default: 0. */
  start?: number;
  /** Whether the clock jumps by itself. Default: `true`. */
  autojump?: boolean;
  /**
   * While an operation of Deno's is under way (a socket that waits for data),
   * the clock jumps only after this many seconds of real time in which nothing
   * happened, 0 or more. Default: 0.005: enough for a peer in the same process,
   * as time in which that computes does not count. For a peer in another process
   * give it more; 0 is enough where no socket is real.
   */
  quiet?: number;
}

/**
 * A clock that takes no real time: when every thread waits, it jumps to the next
 * deadline that a wait has. A test of an hour's timeout ends at once, and its
 * times are exact. Several dispatchers can share a clock.
 *
 * @example
 * ```ts
 * import { Copas } from "jsr:@copas/copas";
 * import { VirtualClock } from "jsr:@copas/copas/testing";
 *
 * const clock = new VirtualClock();
 * const copas = new Copas({ clock });
 * copas.addthread(async () => {
 *   await copas.pause(3600);
 *   console.log(clock.now()); // 3600
 * });
 * await copas.loop();
 * ```
 */
export class VirtualClock implements Clock {
  readonly #autojump: boolean;
  #now: number;
  readonly #alarms = new Set<Alarm>();
  readonly #watch: IdleWatch;
  readonly #signals = new ClockSignals();
  /** How many calls of `advance` have not ended, and the end of the last of them. */
  #advances = 0;
  #advanced: Promise<void> = Promise.resolve();

  /**
   * Makes a clock.
   *
   * @param options where the clock starts, whether it jumps by itself, and how
   * long it waits for real sockets before it does. Default: it starts at 0 and
   * jumps, after 0.005 seconds where a socket waits
   * @throws {TypeError} when an option is of a wrong type
   * @throws {RangeError} when `start` or `quiet` is negative, `NaN` or
   * `Infinity`
   *
   * @example A clock that moves only when the test says so
   * ```ts
   * import { VirtualClock } from "jsr:@copas/copas/testing";
   *
   * const clock = new VirtualClock({ start: 100, autojump: false });
   * await clock.advance(5);
   * console.log(clock.now()); // 105
   * ```
   */
  constructor(options: VirtualClockOptions = {}) {
    const call = "new VirtualClock()";
    checkKeys(call, "the options", options, ["start", "autojump", "quiet"]);
    const { start = 0, autojump = true, quiet = 0.005 } = options;
    checkFinite(call, "start", start);
    checkDelay(call, "quiet", quiet);
    if (quiet === Infinity) {
      throw new RangeError(
        `${call}: quiet must be finite, ${quiet} would be for ever; for a clock that never jumps by itself, set autojump to false`,
      );
    }
    if (typeof autojump !== "boolean") {
      throw wrongType(call, "autojump", "a boolean", autojump);
    }
    this.#now = start;
    this.#autojump = autojump;
    this.#watch = new IdleWatch(quiet * 1000);
  }

  /**
   * Tells the time.
   *
   * @returns what the clock shows, in seconds
   */
  now(): number {
    return this.#now;
  }

  /**
   * Moves the clock on. What is due meanwhile runs in order, each at its own
   * time, and the threads have come to their next wait before the clock goes on:
   * one that pauses for a second ten times sees each of them pass. The clock
   * does not jump by itself meanwhile.
   *
   * Threads of a dispatcher that nothing drives go on when it is driven. Calls
   * that overlap follow one another.
   *
   * @param seconds how far, 0 or more
   * @returns a promise that resolves when the clock has arrived, and all that
   * was due has run
   * @throws {TypeError} when `seconds` is not a number
   * @throws {RangeError} when `seconds` is negative, `NaN` or `Infinity`
   *
   * @example
   * ```ts
   * import { Copas } from "jsr:@copas/copas";
   * import { VirtualClock } from "jsr:@copas/copas/testing";
   *
   * const clock = new VirtualClock({ autojump: false });
   * const copas = new Copas({ clock });
   * copas.addthread(async () => {
   *   await copas.pause(3);
   *   console.log(clock.now()); // 3
   * });
   * const loop = copas.loop();
   * await clock.advance(10);
   * console.log(clock.now()); // 10
   * await loop;
   * ```
   */
  async advance(seconds: number): Promise<void> {
    checkFinite("advance()", "the time", seconds);
    this.#advances++;
    const before = this.#advanced;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#advanced = promise;
    await before;
    await this.#advanceTo(this.#now + seconds);
    this.#advances--;
    resolve();
    this.#startWatch();
  }

  async #advanceTo(time: number): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => this.#watch.start(resolve));
      if (this.#ringStale()) continue;
      const next = Math.min(this.#nextAlarm, this.#signals.next);
      if (next > time) break;
      this.#moveTo(next);
    }
    this.#moveTo(time);
  }

  /**
   * Makes a signal that aborts when the clock has moved on by some seconds, as
   * `AbortSignal.timeout` does on the machine's clock.
   *
   * While a dispatcher waits, the clock jumps to that time as to a deadline,
   * unless the calls that listened to the signal have ended. The platform does
   * not tell whether any call still listens to one that is part of an
   * `AbortSignal.any`: to the time of such a signal the clock jumps in any case.
   * A call that has both a signal and a limit of time is better given
   * `{ signal, timeout }`.
   *
   * @param seconds how long, 0 or more
   * @returns the signal; its reason is a `TimeoutError` of the platform
   * @throws {TypeError} when `seconds` is not a number
   * @throws {RangeError} when `seconds` is negative or `NaN`
   *
   * @example
   * ```ts
   * import { VirtualClock } from "jsr:@copas/copas/testing";
   *
   * const clock = new VirtualClock();
   * const signal = clock.timeout(5);
   * await clock.advance(5);
   * console.log(signal.aborted); // true
   * ```
   */
  timeout(seconds: number): AbortSignal {
    checkDelay("timeout()", "the time", seconds);
    const signal = this.#signals.add(this.#now + seconds);
    if (seconds === 0) this.#signals.abortDue(this.#now);
    this.#startWatch();
    return signal;
  }

  /**
   * Sets an alarm. A dispatcher calls it; a test has no need to.
   *
   * @param at the time, in seconds, from which on the alarm rings; `Infinity`
   * is never, but the process is kept alive
   * @param ring called once, when the clock shows `at` or more
   * @param host the dispatcher: the clock jumps when it and all others are idle
   * @returns a function that takes the alarm back
   */
  alarm(at: number, ring: () => void, host: ClockHost): () => void {
    const alarm: Alarm = { at, host, ring: () => {}, cancel: () => {} };
    // An alarm that does not ring by itself still has to keep the process alive.
    const keepalive = setTimeout(() => {}, LONGEST_DELAY);
    const cancelPoll = at <= this.#now
      ? afterPoll(() => alarm.ring())
      : undefined;
    alarm.cancel = () => {
      clearTimeout(keepalive);
      cancelPoll?.();
      this.#alarms.delete(alarm);
      if (this.#alarms.size === 0 && !this.#isAdvancing) this.#watch.stop();
    };
    alarm.ring = () => {
      alarm.cancel();
      ring();
    };
    this.#alarms.add(alarm);
    this.#watch.add(host);
    this.#startWatch();
    return alarm.cancel;
  }

  get #isAdvancing(): boolean {
    return this.#advances > 0;
  }

  #startWatch(): void {
    if (!this.#autojump || this.#isAdvancing || this.#alarms.size === 0) return;
    this.#watch.start(() => this.#jump());
  }

  /** Every thread waits: goes on to the earliest deadline. */
  #jump(): void {
    if (!this.#ringStale()) {
      // A signal may end a wait that would last for ever.
      const next = Math.min(this.#nextAlarm, this.#signals.nextLive);
      if (next === Infinity) return;
      this.#moveTo(next);
    }
    this.#startWatch();
  }

  /** Rings the alarms that were set for a deadline that no wait has any more. Returns whether there were any. */
  #ringStale(): boolean {
    const stale = [...this.#alarms].filter(({ host }) => host.settle());
    for (const alarm of stale) alarm.ring();
    return stale.length > 0;
  }

  get #nextAlarm(): number {
    let next = Infinity;
    for (const { at } of this.#alarms) next = Math.min(next, at);
    return next;
  }

  #moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
    const due = [...this.#alarms].filter(({ at }) => at <= this.#now);
    for (const alarm of due) alarm.ring();
    this.#signals.abortDue(this.#now);
  }
}

function checkFinite(call: string, name: string, seconds: number): void {
  checkDelay(call, name, seconds);
  if (seconds < Infinity) return;
  throw new RangeError(`${call}: ${name} must be finite, got ${seconds}`);
}

interface Alarm {
  readonly at: number;
  readonly host: ClockHost;
  ring: () => void;
  cancel: () => void;
}

/** The longest delay that `setTimeout` takes, in milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1;
