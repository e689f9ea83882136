/**
 * Holds one connection to its limits in time. It looks at the counts of bytes
 * now and then: receiving and sending cost nothing more for it. All watches
 * share the one alarm of the dispatcher, and look at common times.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { WatchLimits } from "./watch_limits.ts";

/** How often a watch looks within the idle timeout. */
const LOOKS = 8;

/** Seconds over which the rate of a peer is taken. */
const WINDOW = 5;

/** The connection, as its watch sees it. */
export interface Watched {
  /** Seconds since it was made. */
  readonly age: number;
  /** How many bytes have come, and how many have gone. */
  readonly traffic: { received: number; written: number };
  /** Whether a thread waits for bytes. */
  readonly isReceiving: boolean;
  /** Closes it because of the limit `by`. */
  closeFor(by: keyof WatchLimits, why: string): void;
}

/** The watch of one connection. */
export class ConnectionWatch extends DeadlineEntry {
  readonly #scheduler: Scheduler;
  readonly #connection: Watched;
  #limits: WatchLimits = {};
  /** What had come and gone when the last byte was noticed, and when that was. */
  #received = 0;
  #written = 0;
  #noticed: number;
  /** What had been sent when the peer began to send what a receive waits for, and since when it is measured. */
  #answered = 0;
  #from = { time: 0, received: 0 };
  /** What had come when the last byte went out. */
  #receivedAtAnswer = 0;

  constructor(scheduler: Scheduler, connection: Watched) {
    super();
    this.#scheduler = scheduler;
    this.#connection = connection;
    this.#noticed = scheduler.clock.now();
  }

  /** The limits that it holds the connection to. */
  get limits(): WatchLimits {
    return this.#limits;
  }

  /** Sets the limits. */
  set limits(limits: WatchLimits) {
    this.#limits = limits;
    const now = this.#scheduler.clock.now();
    this.#noticed = now;
    this.#lookAgain(now);
  }

  /** The connection is closed. */
  stop(): void {
    this.#scheduler.clearDeadline(this);
  }

  due(now: number): void {
    const { idletimeout, lifetime, mininput } = this.#limits;
    const connection = this.#connection;
    const { received, written } = connection.traffic;
    if (received !== this.#received || written !== this.#written) {
      this.#received = received;
      this.#written = written;
      this.#noticed = now;
    }
    if (lifetime !== undefined && connection.age >= lifetime) {
      return connection.closeFor(
        "lifetime",
        `its lifetime of ${lifetime} s is over`,
      );
    }
    if (idletimeout !== undefined && now - this.#noticed >= idletimeout) {
      return connection.closeFor(
        "idletimeout",
        `no byte came or went for ${idletimeout} s (idletimeout)`,
      );
    }
    if (mininput !== undefined && this.#drips(mininput, now)) {
      return connection.closeFor(
        "mininput",
        `the peer sent less than ${mininput} bytes a second (mininput)`,
      );
    }
    this.#lookAgain(now);
  }

  /** Whether the peer has begun to send something, and sends the rest too slowly. */
  #drips(least: number, now: number): boolean {
    const { received, written } = this.#connection.traffic;
    if (written !== this.#answered) {
      this.#answered = written;
      this.#receivedAtAnswer = received;
      this.#from = { time: now, received };
      return false;
    }
    const isWaitedFor = received > this.#receivedAtAnswer &&
      this.#connection.isReceiving;
    if (!isWaitedFor) {
      this.#from = { time: now, received };
      return false;
    }
    const seconds = now - this.#from.time;
    if (seconds < WINDOW) return false;
    const rate = (received - this.#from.received) / seconds;
    this.#from = { time: now, received };
    return rate < least;
  }

  #lookAgain(now: number): void {
    const { idletimeout = Infinity, lifetime = Infinity, mininput } =
      this.#limits;
    let next = Infinity;
    const step = Math.min(
      idletimeout / LOOKS,
      mininput === undefined ? Infinity : 1,
    );
    // Common times: one alarm is for all of them.
    if (step < Infinity) next = (Math.floor(now / step) + 1) * step;
    next = Math.min(next, now + Math.max(lifetime - this.#connection.age, 0));
    if (next === Infinity) return this.stop();
    // A step that the clock can't tell from none must not keep the dispatcher busy.
    this.#scheduler.setDeadline(this, Math.max(next, now + 0.001));
  }
}
