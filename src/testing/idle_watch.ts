/**
 * Finds out when nothing happens any more in any of the dispatchers that share
 * a clock.
 *
 * @module
 */

import type { ClockHost } from "../core/clock.ts";

/** Watches dispatchers until all of them are idle. */
export class IdleWatch {
  /** The dispatchers that have set an alarm and are driven: one without an alarm may be busy. */
  readonly #hosts = new Set<ClockHost>();
  #stop: () => void = () => {};

  /**
   * Begins to watch, anew if it does already.
   *
   * @param waiting lists the dispatchers that have an alarm now
   * @param quiet how many seconds of real time nothing must have happened in
   * while an operation of Deno's is under way
   * @param onidle called when all dispatchers are idle
   */
  start(
    waiting: () => Iterable<ClockHost>,
    quiet: number,
    onidle: () => void,
  ): void {
    this.stop();
    for (const host of waiting()) this.#hosts.add(host);
    let roundsBefore = -1;
    /** How many looks in a row found the dispatchers idle. */
    let idleLooks = 0;
    const look = () => {
      let rounds = 0;
      let active = false;
      const awaiting = new Set(waiting());
      for (const host of this.#hosts) {
        // One that is over is let go; when it is driven again, it sets an alarm.
        if (!host.driven && !awaiting.has(host)) this.#hosts.delete(host);
        rounds += host.rounds;
        active ||= host.active;
      }
      idleLooks = rounds === roundsBefore && !active ? idleLooks + 1 : 0;
      roundsBefore = rounds;
      const awaitsDeno = [...awaiting].some((host) => host.outside);
      // Two looks in a row: after a long pause of the process, the first one may
      // come before the system's answers have been dispatched.
      if (idleLooks > (awaitsDeno ? 1 : 0)) {
        this.stop();
        onidle();
      } else if (awaitsDeno && quiet > 0) this.#lookAfter(quiet * 500, look);
      else this.#lookNextTurn(look);
    };
    this.#lookNextTurn(look);
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
