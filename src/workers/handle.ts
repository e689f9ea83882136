/**
 * A worker as the main thread sees it.
 *
 * @module
 */

import { TimeoutError } from "../errors/errors.ts";
import type { WorkerCounts } from "../server/status.ts";
import type { Drained } from "../server/drain.ts";
import {
  type Order,
  type Posted,
  readReport,
  type Report,
  type ServeOrder,
} from "./messages.ts";

/** A worker's numbers, as it reports them. */
export interface WorkerReport {
  /** How many connections it has accepted. */
  served: number;
  /** What its dispatcher is doing. */
  status: WorkerCounts;
}

/** Of so many pings in a row that get no answer, each after a part of the heartbeat, a worker is given up. */
const PINGS = 4;

/** Seconds after which a worker's numbers are not waited for any longer. */
const PATIENCE = 1;

/** Seconds, beyond the grace, after which a worker is ended that was told to stop. */
const LONGEST_END = 1;

/** The longest delay that `setTimeout` takes, in milliseconds. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** How a worker is run. */
export interface WorkerStart {
  /** The worker's own module. */
  source: string;
  /** What it serves. */
  order: ServeOrder;
  /** What its Deno grants it; `undefined`: what this process has. */
  permissions?: Deno.PermissionOptions;
  /** Seconds that it may leave pings without an answer. */
  heartbeat: number;
  /** Seconds that it may take to listen. */
  starttimeout: number;
}

/** One worker, from its start to its end. */
export class WorkerHandle {
  /** Resolves when the worker listens; rejects when it never will. */
  readonly listening: Promise<void>;
  /** Resolves when the worker does not listen any more. */
  readonly closed: Promise<void>;
  /** Resolves when the worker has ended: to why it crashed, or to `undefined`. */
  readonly ended: Promise<Error | undefined>;
  /** What it has served to its end, and cut, since it was told to stop. */
  drained: Drained = { served: 0, cut: 0 };
  readonly #worker: Worker;
  readonly #order: ServeOrder;
  readonly #heartbeat: number;
  readonly #listening = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<Error | undefined>();
  readonly #asked = new Map<
    number,
    PromiseWithResolvers<WorkerReport | undefined>
  >();
  readonly #posted = new Map<number, PromiseWithResolvers<void>>();
  #loaded = false;
  #port?: MessagePort;
  #starting?: ReturnType<typeof setTimeout>;
  #pinging?: ReturnType<typeof setInterval>;
  #unanswered = 0;
  #questions = 0;
  #over = false;
  #silent = false;
  #serves = false;
  #stopping = false;

  /** Starts a worker, and lets it serve. */
  constructor(start: WorkerStart) {
    const { source, order, permissions, heartbeat, starttimeout } = start;
    this.#order = order;
    this.#heartbeat = heartbeat;
    this.listening = this.#listening.promise;
    this.closed = this.#closed.promise;
    this.ended = this.#ended.promise;
    this.listening.catch(() => {});
    // The module is not a file: so the handler's module is imported with the
    // rights of this process, and the worker needs no right to read anything.
    const url = `data:text/javascript,${encodeURIComponent(source)}`;
    this.#worker = new Worker(url, {
      type: "module",
      name: order.name,
      ...(permissions === undefined ? {} : { deno: { permissions } }),
    });
    // The first message is from the worker's own module, which is evaluated
    // before the handler's. All others are the handler's, and mean nothing here.
    this.#worker.onmessage = ({ ports }: MessageEvent) => {
      this.#worker.onmessage = null;
      this.#connect(ports[0]);
    };
    if (starttimeout < Infinity) {
      const late = () => {
        const seconds = `${starttimeout} seconds`;
        this.#end(new Error(`it did not listen within ${seconds}`));
      };
      const pause = Math.min(starttimeout * 1000, LONGEST_DELAY);
      this.#starting = setTimeout(late, pause);
    }
    this.#worker.onerror = (event) => {
      event.preventDefault(); // or it would end this process as well
      this.#end(new Error(event.message));
    };
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** Whether it was given up because it left pings without an answer. Its thread may still run: `terminate()` does not end one that is busy (Deno 2.9.6). */
  get silent(): boolean {
    return this.#silent;
  }

  #connect(port: MessagePort): void {
    if (this.#over) return port.close();
    this.#port = port;
    port.onmessage = ({ data }) => {
      const report = readReport(data);
      if (report !== undefined) this.#hear(report);
    };
    if (this.#heartbeat === Infinity) return;
    const pause = Math.min(this.#heartbeat * 1000 / PINGS, LONGEST_DELAY);
    this.#pinging = setInterval(() => this.#ping(), pause);
  }

  /** Counts pings, not time: when this thread was busy or the machine slept, no worker is to blame. */
  #ping(): void {
    if (this.#unanswered === PINGS) {
      this.#silent = true;
      return this.#end(
        new Error(
          `it did not answer for ${this.#heartbeat} seconds: its thread is busy, or has ended itself`,
        ),
      );
    }
    this.#unanswered++;
    this.#tell({ kind: "ping" });
  }

  #tell(order: Order): void {
    if (!this.#over) this.#port?.postMessage(order);
  }

  #hear(report: Report): void {
    this.#unanswered = 0;
    switch (report.kind) {
      case "loaded":
        this.#loaded = true;
        return this.#tell(this.#order);
      case "handled":
        return this.#hasHandled(report.id, report.failure);
      case "alive":
        return;
      case "listening":
        this.#serves = true;
        clearTimeout(this.#starting);
        return this.#listening.resolve();
      case "failed":
        return this.#end(new Error(report.message));
      case "closed":
        return this.#closed.resolve();
      case "status": {
        const { id, served, status } = report;
        return this.#asked.get(id)?.resolve({ served, status });
      }
      case "ended":
        this.drained = { served: report.served, cut: report.cut };
        return this.#end(
          this.#stopping ? undefined : new Error("it ended itself"),
        );
    }
  }

  #end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#pinging);
    clearTimeout(this.#starting);
    this.#worker.terminate();
    this.#port?.close();
    const why = error ?? new Error("it was stopped");
    this.#listening.reject(why);
    for (const { resolve } of this.#asked.values()) resolve(undefined);
    for (const { resolve } of this.#posted.values()) resolve();
    this.#closed.resolve();
    this.#ended.resolve(error);
  }

  /**
   * Gives a value to `onmessage` of the handler's module.
   *
   * @param timeout seconds to wait for it
   * @returns resolves when that has taken it, or the worker has ended
   * @throws {Error} when that has thrown
   * @throws {TimeoutError} when the time is up; it still has the value
   */
  async post(posted: Posted, timeout: number): Promise<void> {
    if (this.#over) return;
    const handled = Promise.withResolvers<void>();
    const id = ++this.#questions;
    if (this.#loaded) {
      this.#posted.set(id, handled);
      this.#tell({ kind: "post", id, posted });
    } else {
      this.#order.posted = posted;
      this.listening.then(handled.resolve, handled.reject);
    }
    const late = () => {
      const message =
        `${this.#order.name}: post(): onmessage has not returned within ${timeout} s`;
      handled.reject(new TimeoutError(message));
    };
    const timer = timeout === Infinity ? undefined : setTimeout(
      late,
      Math.min(timeout * 1000, LONGEST_DELAY),
    );
    try {
      await handled.promise;
    } finally {
      clearTimeout(timer);
      this.#posted.delete(id);
    }
  }

  #hasHandled(id: number, failure?: string): void {
    const handled = this.#posted.get(id);
    if (failure === undefined) handled?.resolve();
    else handled?.reject(new Error(`${this.#order.name}: ${failure}`));
  }

  /** Its numbers; `undefined` when it does not answer. */
  async ask(): Promise<WorkerReport | undefined> {
    if (this.#over) return undefined;
    const asked = Promise.withResolvers<WorkerReport | undefined>();
    const id = ++this.#questions;
    this.#asked.set(id, asked);
    const timer = setTimeout(() => asked.resolve(undefined), PATIENCE * 1000);
    this.#tell({ kind: "status", id });
    const report = await asked.promise;
    clearTimeout(timer);
    this.#asked.delete(id);
    return report;
  }

  /** Stops accepting in it; it ends with its last connection. After `grace` seconds it cuts what is left, and if it does not end then, it is ended. */
  async stop(grace: number): Promise<void> {
    if (this.#stopping) return void await this.ended;
    this.#stopping = true;
    if (!this.#serves) return this.#end(); // it has no connection yet
    this.#tell({ kind: "stop", grace });
    const most = (grace + LONGEST_END) * 1000;
    const timer = grace < Infinity
      ? setTimeout(() => this.#end(), Math.min(most, LONGEST_DELAY))
      : undefined;
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends it at once; its connections break. */
  terminate(): void {
    this.#stopping = true;
    this.#end();
  }
}
