/**
 * Finds out when nothing happens any more in any of the dispatchers that share
 * a clock.
 *
 * @module
 */

import type { ClockHost } from "../core/clock.ts";
import { afterPoll } from "../readiness/poll.ts";

/** Deno's shortest timer, in milliseconds. */
const SHORTEST_TIMER = 2;

/** Watches dispatchers until all of them are idle. */
export class IdleWatch {
  /**
   * The dispatchers that have set an alarm and are driven. One that has no alarm
   * now is busy. One that is not driven any more may be forgotten by the program,
   * and this set does not keep it.
   */
  readonly #hosts = new Set<WeakRef<ClockHost>>();
  readonly #references = new WeakMap<ClockHost, WeakRef<ClockHost>>();
  readonly #quiet: number;
  #stop: () => void = () => {};

  /**
   * @param quiet how many milliseconds of real time nothing must have happened
   * in while an operation of Deno's is under way
   */
  constructor(quiet: number) {
    this.#quiet = quiet;
  }

  /** Watches this dispatcher, too, as long as it is driven. */
  add(host: ClockHost): void {
    let reference = this.#references.get(host);
    if (reference === undefined) {
      reference = new WeakRef(host);
      this.#references.set(host, reference);
    }
    this.#hosts.add(reference);
  }

  /** Begins to watch, anew if it does already, and calls `onidle` when all dispatchers are idle. */
  start(onidle: () => void): void {
    this.stop();
    let roundsBefore = -1;
    /** Whether the last look found the dispatchers idle, and how long they have been since. */
    let wasIdle = false;
    let quiet = 0;
    let hasPolled = false;
    const look = () => {
      const { rounds, active, outside } = this.#state();
      const isIdle = rounds === roundsBefore && !active;
      if (!isIdle || !wasIdle) {
        quiet = 0;
        hasPolled = false;
      }
      wasIdle = isIdle;
      roundsBefore = rounds;
      if (!isIdle) return this.#lookNextTurn(look);
      if (!outside || hasPolled) {
        this.stop();
        return onidle();
      }
      const left = this.#quiet - quiet;
      if (left > 0) {
        // A look that comes late does not count for more: a peer in the same
        // process has computed meanwhile, and the system's answer may be behind it.
        const delay = Math.min(left, SHORTEST_TIMER);
        quiet += delay;
        return this.#lookAfter(delay, look);
      }
      // What has come while the process was held up is seen now.
      hasPolled = true;
      this.#stop = afterPoll(look);
    };
    this.#lookNextTurn(look);
  }

  #state(): { rounds: number; active: boolean; outside: boolean } {
    let rounds = 0;
    let active = false;
    let outside = false;
    for (const reference of this.#hosts) {
      const host = reference.deref();
      if (host?.driven) {
        rounds += host.rounds;
        active ||= host.active;
        outside ||= host.outside;
      } else {
        // When it is driven again, it sets an alarm.
        this.#hosts.delete(reference);
      }
    }
    return { rounds, active, outside };
  }

  #lookAfter(milliseconds: number, look: () => void): void {
    const timer = setTimeout(look, milliseconds);
    this.#stop = () => clearTimeout(timer);
  }

  #lookNextTurn(look: () => void): void {
    const immediate = setImmediate(look);
    this.#stop = () => clearImmediate(immediate);
  }

  /** Watches no more. */
  stop(): void {
    this.#stop();
    this.#stop = () => {};
  }
}
