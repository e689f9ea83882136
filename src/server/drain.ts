/**
 * The end of a server: it listens no more, and its connections come to their
 * end, or are cut.
 *
 * @module
 */

import { type Ending, GracefulEnd } from "../core/graceful_end.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { Wait, type WaitingThread } from "../core/wait.ts";
import { checkDelay } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import type { ConnectionThread } from "./connection_thread.ts";

/** How long an end may take. */
export interface DrainOptions {
  /** Seconds in which what is served may come to its end by itself, 0 or more; `Infinity`: no limit. Default: 10. */
  grace?: number;
}

/** How an end went. */
export interface Drained {
  /** How many connections have come to their end by themselves. */
  served: number;
  /** How many were cut when the time was up. */
  cut: number;
}

/** Reads what the caller of `call` gave: the seconds. */
export function readGrace(call: string, options: DrainOptions = {}): number {
  checkKeys(call, "the options", options, ["grace"]);
  const { grace = 10 } = options;
  checkDelay(call, "grace", grace);
  return grace;
}

class DrainWait extends Wait<Drained> {
  readonly #name: string;

  constructor(task: WaitingThread, name: string) {
    super(task, "sleep");
    this.#name = name;
  }

  protected failure(): string {
    return `Cannot wait for the connections of ${this.#name}`;
  }
}

/** What is drained: a server, as its drain knows it. */
export interface Drainable {
  readonly name: string;
  /** How many connections there are. */
  readonly serving: number;
  /** Their threads. */
  readonly threads: Iterable<ConnectionThread>;
}

/** Waits until no connection of a server is left. */
export class Drain implements Ending {
  readonly #scheduler: Scheduler;
  readonly #server: Drainable;
  readonly #onover: () => void;
  readonly #end: GracefulEnd;
  readonly #waits: DrainWait[] = [];
  readonly #serving: number;
  #cut = 0;

  /** @param onover called when it is over */
  constructor(
    scheduler: Scheduler,
    server: Drainable,
    grace: number,
    onover: () => void,
  ) {
    this.#scheduler = scheduler;
    this.#server = server;
    this.#serving = server.serving;
    this.#onover = onover;
    this.#end = new GracefulEnd(scheduler, this, grace);
  }

  /** Suspends the current thread until it is over, little more than `grace` seconds from now at the latest. */
  wait(grace: number): Promise<Drained> {
    const wait = new DrainWait(this.#scheduler.current, this.#server.name);
    this.#waits.push(wait);
    this.#end.shorten(grace);
    this.#end.check();
    return wait.promise;
  }

  /** A connection has come to its end. */
  check(): void {
    this.#end.check();
  }

  isOver(): boolean {
    const { serving } = this.#server;
    return serving === 0 ||
      (serving <= this.#waits.length && this.#others.length === 0);
  }

  /** The threads of connections but those that wait for this end: they can't be part of it. */
  get #others(): ConnectionThread[] {
    return [...this.#server.threads].filter((thread) =>
      !this.#waits.some(({ task }) => task === thread)
    );
  }

  cut(): void {
    for (const thread of this.#others) {
      this.#cut++;
      thread.cut();
    }
  }

  isCutOver(): boolean {
    return !this.#others.some((thread) => thread.isBusy);
  }

  giveUp(): void {
    for (const thread of this.#others) thread.connection.abort();
  }

  over(): void {
    this.#onover();
    const drained = { served: this.#serving - this.#cut, cut: this.#cut };
    for (const wait of this.#waits) wait.resolveLater(drained);
  }
}
