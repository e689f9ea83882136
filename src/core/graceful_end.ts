/**
 * An end within a bound: what is under way may come to its end by itself, and
 * what is left after that time is cut.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { WaitHost } from "./wait.ts";

/** Seconds after which is looked again whether all that was cut is over. */
const RECHECK = 0.02;

/** Seconds that `finally` blocks may take in all: as long as one shield takes unless its caller says otherwise. */
const LONGEST_CUT = 5;

/** What is to come to its end. */
export interface Ending {
  /** Whether nothing is left of it. */
  isOver(): boolean;
  /** The time is up: cancels what is left. Its `finally` blocks run. */
  cut(): void;
  /** Whether nothing that was cut runs any more, be it that its connections are left. */
  isCutOver(): boolean;
  /** Gives up what is left all the same. */
  giveUp(): void;
  /** It is over. */
  over(): void;
}

/** Watches over one end. */
export class GracefulEnd extends DeadlineEntry {
  readonly #scheduler: Pick<
    WaitHost,
    "clock" | "setDeadline" | "clearDeadline"
  >;
  readonly #ending: Ending;
  #phase: "grace" | "cut" | "over" = "grace";
  /** When the cut has taken too long. */
  #limit = Infinity;

  /** @param grace seconds in which all may come to its end by itself */
  constructor(
    scheduler: Pick<WaitHost, "clock" | "setDeadline" | "clearDeadline">,
    ending: Ending,
    grace: number,
  ) {
    super();
    this.#scheduler = scheduler;
    this.#ending = ending;
    this.shorten(grace);
  }

  /** The time is up after so many seconds from now, unless it is up before. */
  shorten(grace: number): void {
    const scheduler = this.#scheduler;
    const time = scheduler.clock.now() + grace;
    if (this.#phase !== "grace" || time >= this.deadline) return;
    scheduler.setDeadline(this, time);
  }

  /** Whether it is over. */
  get isOver(): boolean {
    return this.#phase === "over";
  }

  /** Something has come to its end. What was cut has its time to clean up all the same. */
  check(): void {
    if (this.#phase === "grace" && this.#ending.isOver()) this.#over();
  }

  due(now: number): void {
    if (this.#phase === "grace") {
      this.#phase = "cut";
      this.#limit = now + LONGEST_CUT;
      this.#ending.cut();
    } else if (now >= this.#limit || this.#ending.isCutOver()) {
      this.#ending.giveUp();
      return this.#over();
    }
    this.#scheduler.setDeadline(this, now + RECHECK);
  }

  #over(): void {
    this.#phase = "over";
    this.#scheduler.clearDeadline(this);
    this.#ending.over();
  }
}
