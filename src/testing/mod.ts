/**
 * What a user needs to test his own handlers without waiting.
 *
 * @module
 */

import { checkDelay, wrongType } from "../errors/arguments.ts";
import type { Clock, ClockHost } from "../core/clock.ts";
import { afterPoll } from "../core/poll.ts";

export type { Clock, ClockHost };

/** How a virtual clock behaves. */
export interface VirtualClockOptions {
  /** What the clock shows first, in seconds. Default: 0. */
  start?: number;
  /** Whether the clock jumps by itself. Default: `true`. */
  autojump?: boolean;
  /**
   * While an operation of Deno's is under way (a socket that waits for data),
   * the clock jumps only after this many seconds of real time in which nothing
   * happened. Default: 0.005: enough for a peer in the same process. For a peer
   * in another process give it more; 0 is enough where no socket is real.
   */
  quiet?: number;
}

/**
 * A clock that waits for nobody: when every thread waits, it jumps to the next
 * deadline. A test of an hour's timeout takes no time, and its times are exact.
 * Several dispatchers can share it.
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
  readonly #watch = new Watch();

  /** Makes a clock. */
  constructor(options: VirtualClockOptions = {}) {
    const { start = 0, autojump = true, quiet = 0.005 } = options;
    const call = "new VirtualClock()";
    checkDelay(call, "start", start);
    checkDelay(call, "quiet", quiet);
    if (typeof autojump !== "boolean") {
      throw wrongType(call, "autojump", "a boolean", autojump);
    }
    this.#now = start;
    this.#autojump = autojump;
    this.#quiet = quiet;
  }

  /** What the clock shows, in seconds. */
  now(): number {
    return this.#now;
  }

  /** Moves the clock on by `seconds`, 0 or more. Threads whose time has come go on as soon as the dispatcher is driven. */
  advance(seconds: number): void {
    checkDelay("advance()", "the time", seconds);
    this.#moveTo(this.#now + seconds);
  }

  /** For the dispatcher: rings when the clock shows `at`. */
  alarm(at: number, ring: () => void, host: ClockHost): () => void {
    const alarm: Alarm = { at, host, ring: () => {}, cancel: () => {} };
    // An alarm that does not ring by itself still has to keep the process alive.
    const keepalive = setTimeout(() => {}, FOREVER);
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
    this.#watch.start(this.#alarms, this.#quiet, () => this.#jump());
  }

  /** Every thread waits: goes on to the earliest deadline. */
  #jump(): void {
    const moved = [...this.#alarms].filter(({ host }) => host.settle());
    // Their alarms were set for deadlines that nobody waits for any more.
    for (const alarm of moved) alarm.ring();
    let next = Infinity;
    for (const { at } of this.#alarms) next = Math.min(next, at);
    if (next === Infinity) return;
    if (moved.length === 0) this.#moveTo(next);
    this.#startWatch();
  }

  #moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
    const due = [...this.#alarms].filter(({ at }) => at <= this.#now);
    for (const alarm of due) alarm.ring();
  }
}

interface Alarm {
  readonly at: number;
  readonly host: ClockHost;
  ring: () => void;
  cancel: () => void;
}

/** The longest delay that a timer takes, in milliseconds. */
const FOREVER = 2 ** 31 - 1;

/** Watches the dispatchers until nothing happens in any of them. */
class Watch {
  /** All dispatchers that have ever set an alarm: one without may be busy. */
  readonly #hosts = new Set<ClockHost>();
  #stop: () => void = () => {};

  /** Looks after the dispatchers of `alarms`; calls `onquiet` when all of them have been still for `quiet` seconds. */
  start(alarms: Set<Alarm>, quiet: number, onquiet: () => void): void {
    this.stop();
    for (const { host } of alarms) this.#hosts.add(host);
    let before = -1;
    /** How often the dispatchers were found as they had been before. */
    let still = 0;
    const later = (delay: number) => {
      const timer = setTimeout(look, delay);
      this.#stop = () => clearTimeout(timer);
    };
    const soon = () => {
      const immediate = setImmediate(look);
      this.#stop = () => clearImmediate(immediate);
    };
    const look = () => {
      let rounds = 0;
      let active = false;
      for (const host of this.#hosts) {
        rounds += host.rounds;
        active ||= host.active;
      }
      still = rounds === before && !active ? still + 1 : 0;
      before = rounds;
      const outside = alarms.values().some(({ host }) => host.outside);
      // Two looks in a row: after a long pause of the process, the first one may
      // come before the system's answers have been dispatched.
      if (still > (outside ? 1 : 0)) this.stop(), onquiet();
      else if (outside && quiet > 0) later(quiet * 500);
      else soon();
    };
    soon();
  }

  stop(): void {
    this.#stop();
    this.#stop = () => {};
  }
}
