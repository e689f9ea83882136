/**
 * The virtual clock: its time passes when every thread waits.
 *
 * @module
 */

import type { Clock, ClockHost } from "../core/clock.ts";
import { afterPoll } from "../core/poll.ts";
import {
  checkDelay,
  checkOptions,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
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
   * happened, 0 or more. Default: 0.005: enough for a peer in the same process.
   * For a peer in another process give it more; 0 is enough where no socket is
   * real.
   */
  quiet?: number;
}

/**
 * A clock that takes no real time: when every thread waits, it jumps to the next
 * deadline. A test of an hour's timeout ends at once, and its times are exact.
 * Several dispatchers can share a clock.
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
  readonly #quiet: number;
  #now: number;
  readonly #alarms = new Set<Alarm>();
  readonly #watch = new IdleWatch();
  /** The signals that abort at a time. */
  #timeouts: { at: number; controller: AbortController }[] = [];

  /**
   * Makes a clock.
   *
   * @param options where the clock starts, whether it jumps by itself, and how
   * long it waits for real sockets before it does. Default: it starts at 0 and
   * jumps, after 0.005 seconds where a socket waits
   * @throws {TypeError} when an option is of a wrong type
   * @throws {RangeError} when `start` or `quiet` is negative or `NaN`, or
   * `quiet` is `Infinity`
   *
   * @example A clock that moves only when the test says so
   * ```ts
   * import { VirtualClock } from "jsr:@copas/copas/testing";
   *
   * const clock = new VirtualClock({ start: 100, autojump: false });
   * clock.advance(5);
   * console.log(clock.now()); // 105
   * ```
   */
  constructor(options: VirtualClockOptions = {}) {
    const call = "new VirtualClock()";
    checkOptions(call, options);
    checkKeys(call, "the options", options, ["start", "autojump", "quiet"]);
    const { start = 0, autojump = true, quiet = 0.005 } = options;
    checkDelay(call, "start", start);
    if (start === Infinity) {
      throw outOfRange(call, "start", "a finite number of seconds", start);
    }
    checkDelay(call, "quiet", quiet);
    if (!Number.isFinite(quiet)) {
      throw new RangeError(
        `${call}: quiet must be finite, ${quiet} would be for ever; for a clock that never jumps by itself, set autojump to false`,
      );
    }
    if (typeof autojump !== "boolean") {
      throw wrongType(call, "autojump", "a boolean", autojump);
    }
    this.#now = start;
    this.#autojump = autojump;
    this.#quiet = quiet;
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
   * Moves the clock on. Threads whose time has come go on as soon as their
   * dispatcher is driven.
   *
   * @param seconds how far, 0 or more
   * @throws {TypeError} when `seconds` is not a number
   * @throws {RangeError} when `seconds` is negative or `NaN`
   */
  advance(seconds: number): void {
    checkDelay("advance()", "the time", seconds);
    this.#moveTo(this.#now + seconds);
  }

  /**
   * Makes a signal that aborts when the clock has moved on by some seconds, as
   * `AbortSignal.timeout` does on the machine's clock.
   *
   * While a dispatcher waits, the clock jumps to that time as to a deadline.
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
   * clock.advance(5);
   * console.log(signal.aborted); // true
   * ```
   */
  timeout(seconds: number): AbortSignal {
    checkDelay("timeout()", "the time", seconds);
    const controller = new AbortController();
    const at = this.#now + seconds;
    if (at <= this.#now) controller.abort(timedOut());
    else if (at < Infinity) this.#timeouts.push({ at, controller });
    return controller.signal;
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
      if (this.#alarms.size === 0) this.#watch.stop();
    };
    alarm.ring = () => {
      alarm.cancel();
      ring();
    };
    this.#alarms.add(alarm);
    this.#startWatch();
    return alarm.cancel;
  }

  #startWatch(): void {
    if (!this.#autojump || this.#alarms.size === 0) return;
    const hosts = () => this.#alarms.values().map(({ host }) => host);
    this.#watch.start(hosts, this.#quiet, () => this.#jump());
  }

  /** Every thread waits: goes on to the earliest deadline. */
  #jump(): void {
    const moved = [...this.#alarms].filter(({ host }) => host.settle());
    // Their alarms were set for deadlines that have been met since.
    for (const alarm of moved) alarm.ring();
    let next = Infinity;
    for (const { at } of this.#alarms) next = Math.min(next, at);
    // A signal may end a wait that would last for ever.
    for (const { at } of this.#timeouts) next = Math.min(next, at);
    if (next === Infinity) return;
    if (moved.length === 0) this.#moveTo(next);
    this.#startWatch();
  }

  #moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
    const due = [...this.#alarms].filter(({ at }) => at <= this.#now);
    for (const alarm of due) alarm.ring();
    const passed = this.#timeouts.filter(({ at }) => at <= this.#now);
    if (passed.length === 0) return;
    this.#timeouts = this.#timeouts.filter(({ at }) => at > this.#now);
    for (const { controller } of passed) controller.abort(timedOut());
  }
}

/** The reason of a signal, as the platform's own has it. */
function timedOut(): DOMException {
  return new DOMException("Signal timed out.", "TimeoutError");
}

interface Alarm {
  readonly at: number;
  readonly host: ClockHost;
  ring: () => void;
  cancel: () => void;
}

/** The longest delay that `setTimeout` takes, in milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1;
