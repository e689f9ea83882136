/**
 * What a user needs to test his own handlers without waiting.
 *
 * @module
 */

import type { Clock, ClockHost } from "./core/clock.ts";

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
   * in another process give it more.
   */
  quiet?: number;
}

/**
 * A clock that waits for nobody: when every thread waits, it jumps to the next
 * deadline. A test of an hour's timeout takes no time, and its times are exact.
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
  #alarm?: Alarm;

  /** Makes a clock. */
  constructor(options: VirtualClockOptions = {}) {
    this.#now = options.start ?? 0;
    this.#autojump = options.autojump ?? true;
    this.#quiet = options.quiet ?? 0.005;
  }

  /** What the clock shows, in seconds. */
  now(): number {
    return this.#now;
  }

  /** Moves the clock on by `seconds`, and rings the alarm that has become due. */
  advance(seconds: number): void {
    if (!(seconds >= 0)) {
      throw new RangeError(
        `advance(): seconds must be 0 or more, got ${seconds}`,
      );
    }
    this.#now += seconds;
    const alarm = this.#alarm;
    if (alarm === undefined || alarm.at > this.#now) return;
    alarm.cancel();
    alarm.ring();
  }

  /** For the dispatcher: rings when the clock shows `at`. */
  alarm(at: number, ring: () => void, host: ClockHost): () => void {
    const watch = new Watch(host, this.#quiet, () => {
      if (at <= this.#now) this.advance(0);
      else if (this.#autojump && at < Infinity) this.advance(at - this.#now);
    });
    // An alarm that does not ring by itself still has to keep the process alive.
    const keepalive = setTimeout(() => {}, FOREVER);
    const cancel = () => {
      watch.stop();
      clearTimeout(keepalive);
      this.#alarm = undefined;
    };
    this.#alarm = { at, ring, cancel };
    return cancel;
  }
}

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
  readonly cancel: () => void;
}

/** The longest delay that a timer takes, in milliseconds. */
const FOREVER = 2 ** 31 - 1;

/** Watches the dispatcher until nothing happens any more. Keeps the process alive meanwhile. */
class Watch {
  readonly #host: ClockHost;
  readonly #quiet: number;
  readonly #onquiet: () => void;
  #rounds = -1;
  /** How often the dispatcher was found as it had been before. */
  #still = 0;
  #timer?: ReturnType<typeof setTimeout>;
  #immediate?: ReturnType<typeof setImmediate>;

  constructor(host: ClockHost, quiet: number, onquiet: () => void) {
    this.#host = host;
    this.#quiet = quiet;
    this.#onquiet = onquiet;
    this.#immediate = setImmediate(this.#look);
  }

  #look = () => {
    const { rounds, outside } = this.#host;
    this.#still = rounds === this.#rounds ? this.#still + 1 : 0;
    this.#rounds = rounds;
    if (!outside) {
      if (this.#still > 0) this.#onquiet();
      else this.#immediate = setImmediate(this.#look);
      return;
    }
    // Two looks in a row: after a long pause of the process, the first one may
    // come before the system's answers have been dispatched.
    if (this.#still > 1) this.#onquiet();
    else this.#timer = setTimeout(this.#look, this.#quiet * 500);
  };

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#immediate !== undefined) clearImmediate(this.#immediate);
  }
}
