/**
 * What the tools of a cluster work on.
 *
 * @module
 */

import { waitForCall } from "../core/call.ts";
import { rejectedCall } from "../core/immediate_call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import { ClosedError } from "../errors/errors.ts";
import type { Connection } from "./connection.ts";
import type { JetStream } from "./jetstream.ts";
import { type ClusterHost, schedulerOf, startBackground } from "./transport.ts";

/** What has to be ended with the cluster. */
export interface Part {
  /** Takes no more work: at the exit, and when the cluster is closed. */
  rest?(): void;
  /** Resolves when what was taken is done, and gives back what is held. */
  end?(): Promise<void>;
  /** Cuts what is not done. */
  cut?(): void;
}

/** How a call of the program waits. */
export interface EngineWait<T> {
  /** Names the call, for messages about its arguments: `"push()"`. */
  call: string;
  /** Begins messages: `"Cannot push to jobs"`. */
  what: string;
  /** What the caller has given. */
  options: number | WaitOptions | undefined;
  /** Seconds where the caller gives none. Default: no limit. */
  usual?: number;
  /** Further keys of the options. */
  keys?: readonly string[];
  /** Does it, until it is given up by the signal. */
  begin: (signal: AbortSignal) => Promise<T>;
  /** Releases a result that came after the wait was given up. */
  ondiscard?: (value: T) => void;
  isShielded?: boolean;
}

/** The connection, the dispatcher, and what is open. */
export class Engine {
  readonly scheduler: Scheduler;
  readonly parts = new Set<Part>();
  #watchesExit = false;
  #isDraining = false;
  readonly #closing = new AbortController();

  constructor(
    readonly host: ClusterHost,
    readonly connection: Connection,
    readonly jetstream: JetStream,
  ) {
    this.scheduler = schedulerOf(host);
  }

  /** Aborts when the cluster is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Whether the cluster is closed, or about to be. */
  get isClosing(): boolean {
    return this.#isDraining || this.closing.aborted;
  }

  /** No more calls are taken but those of what is being ended. */
  drain(): void {
    this.#isDraining = true;
  }

  /** No call waits any more. */
  close(): void {
    this.#closing.abort(new ClosedError("the cluster was closed"));
  }

  /** Lets the current thread wait for a call. */
  wait<T>(wait: EngineWait<T>): Promise<T> {
    const { what, begin, ondiscard, isShielded } = wait;
    try {
      const limit = readWaitOptions(
        wait.call,
        wait.options,
        wait.usual,
        wait.keys,
      );
      // What is under way ends in good order while the cluster is drained.
      if (!isShielded || this.closing.aborted) this.checkOpen(what);
      const controller = new AbortController();
      const leave = () => controller.abort(new Error("the call was given up"));
      return waitForCall(
        this.scheduler,
        () => this.#begin(begin, controller),
        {
          timeout: limit.timeout,
          signal: limit.signal,
          messagePrefix: what,
          onabandon: leave,
          ondiscard,
          isShielded,
        },
      );
    } catch (error) {
      return rejectedCall(this.scheduler, error);
    }
  }

  /** Lets the caller wait for something of ours. Resolves to whether it came in time. */
  waitAtMost(seconds: number, promise: Promise<unknown>): Promise<boolean> {
    const timeout = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => timeout.resolve(false), seconds * 1000);
    return waitForCall(
      this.scheduler,
      () =>
        Promise.race([promise.then(() => true), timeout.promise])
          .finally(() => clearTimeout(timer)),
      { messagePrefix: "Cannot close the cluster", isShielded: true },
    );
  }

  async #begin<T>(
    begin: (signal: AbortSignal) => Promise<T>,
    controller: AbortController,
  ): Promise<T> {
    const close = () => controller.abort(this.closing.reason);
    this.closing.addEventListener("abort", close);
    try {
      return await begin(controller.signal);
    } finally {
      this.closing.removeEventListener("abort", close);
    }
  }

  /** Lets what takes work from elsewhere rest at the exit. */
  watchExit(): void {
    if (this.#watchesExit) return;
    this.#watchesExit = true;
    startBackground(this.host, "cluster: exit", async () => {
      try {
        await this.host.waitforexit();
        for (const part of this.parts) part.rest?.();
      } finally {
        this.#watchesExit = false;
      }
    });
  }

  /** Whether no more work is to be taken. */
  get isResting(): boolean {
    return this.isClosing || this.scheduler.lifecycle.isExiting;
  }

  /** Refuses a call when the cluster is closed. */
  checkOpen(what: string): void {
    if (!this.isClosing && !this.connection.isClosed) return;
    throw new ClosedError(`${what}: the cluster is closed`);
  }
}
