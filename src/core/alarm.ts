/**
 * The one alarm of a driver.
 *
 * @module
 */

import type { Clock, ClockHost } from "./clock.ts";

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
