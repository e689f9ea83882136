/**
 * A worker as the main thread sees it.
 *
 * @module
 */

import type { Status } from "../copas/status.ts";
import type { Order, Report, ServeOrder } from "./messages.ts";

/** A worker's numbers, as it reports them. */
export interface WorkerReport {
  /** How many connections it has accepted. */
  served: number;
  /** What its dispatcher is doing. */
  status: Status;
}

/** One worker, from its start to its end. */
export class WorkerHandle {
  /** Resolves to the port when the worker listens; rejects when it never will. */
  readonly listening: Promise<number>;
  /** Resolves when the worker does not listen any more. */
  readonly closed: Promise<void>;
  /** Resolves when the worker has ended: to why it crashed, or to `undefined`. */
  readonly ended: Promise<Error | undefined>;
  readonly #worker: Worker;
  readonly #listening = Promise.withResolvers<number>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<Error | undefined>();
  readonly #asked = new Map<number, PromiseWithResolvers<WorkerReport>>();
  #questions = 0;
  #over = false;
  #serves = false;
  #stopping = false;

  /**
   * Starts a worker that runs `source`, and lets it serve.
   *
   * @param permissions what its Deno grants it; `undefined`: what this process has
   */
  constructor(
    source: string,
    order: ServeOrder,
    permissions?: Deno.PermissionOptions,
  ) {
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
    this.#worker.onmessage = ({ data }: MessageEvent<Report>) => {
      if (data.kind === "loaded") this.#tell(order);
      else this.#hear(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault(); // or it would end this process as well
      this.#end(new Error(event.message));
    };
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  #tell(order: Order): void {
    if (!this.#over) this.#worker.postMessage(order);
  }

  #hear(report: Exclude<Report, { kind: "loaded" }>): void {
    switch (report.kind) {
      case "listening":
        this.#serves = true;
        return this.#listening.resolve(report.port);
      case "failed":
        return this.#end(new Error(report.message));
      case "closed":
        return this.#closed.resolve();
      case "status":
        this.#asked.get(report.id)?.resolve(report);
        this.#asked.delete(report.id);
        return;
      case "ended":
        return this.#end(
          this.#stopping ? undefined : new Error("it ended itself"),
        );
    }
  }

  #end(error?: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#worker.terminate();
    const why = error ?? new Error("it was stopped");
    this.#listening.reject(why);
    for (const { reject } of this.#asked.values()) reject(why);
    this.#closed.resolve();
    this.#ended.resolve(error);
  }

  /** Its numbers. */
  ask(): Promise<WorkerReport> {
    if (this.#over) return Promise.reject(new Error("it has ended"));
    const asked = Promise.withResolvers<WorkerReport>();
    const id = ++this.#questions;
    this.#asked.set(id, asked);
    this.#tell({ kind: "status", id });
    return asked.promise;
  }

  /** Lets it accept no more, and end with its last connection; after `grace` seconds it is ended. */
  async stop(grace: number): Promise<void> {
    if (this.#stopping) return void await this.ended;
    this.#stopping = true;
    if (!this.#serves) return this.#end(); // it has no connection yet
    this.#tell({ kind: "stop" });
    const timer = grace < Infinity
      ? setTimeout(() => this.#end(), Math.min(grace * 1000, 2 ** 31 - 1))
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
