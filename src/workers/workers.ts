/**
 * A server that runs in workers: started, watched, restarted and stopped.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { waitForCall } from "../core/call.ts";
import { checkDelay, checkInteger } from "../errors/arguments.ts";
import type { NetScope } from "../net/scope.ts";
import type { Drained } from "../server/drain.ts";
import { WorkerHandle } from "./handle.ts";
import { postedOf, type ServeOrder } from "./messages.ts";
import { workerSettings, type WorkersOptions } from "./options.ts";
import { crashError, newPlaces, type Place, startLater } from "./place.ts";
import { Posting } from "./posting.ts";
import { Restarts } from "./restarts.ts";
import { claim, pickPort, withAddress } from "./shared_port.ts";
import type { WorkerStatus } from "./status.ts";
import { narrowPermissions } from "./worker_net.ts";

export type { WorkersOptions, WorkerStatus };

/**
 * Workers that serve one port together, as `copas.addworkers` starts them.
 *
 * The system spreads new connections over them. A worker that crashes loses its
 * own connections, and is replaced after a pause: 0.1 seconds, then twice as
 * long each time, at most 10.
 */
export class Workers implements AsyncDisposable {
  /** Resolves when all workers listen. Rejects when the first ones can't be started; the process's exit code is 1 then, unless it is set. */
  readonly ready: Promise<void>;
  readonly #scheduler: Scheduler;
  readonly #source: string;
  readonly #order: ServeOrder;
  readonly #permissions?: Deno.PermissionOptions;
  readonly #grace: number;
  readonly #heartbeat: number;
  readonly #starttimeout: number;
  readonly #places: Place[];
  readonly #isAnyPort: boolean;
  #isReady = false;
  /** Workers that were replaced, and finish their connections. */
  readonly #leaving = new Set<WorkerHandle>();
  readonly #over = Promise.withResolvers<void>();
  readonly #posting = new Posting();
  readonly #drained: Drained = { served: 0, cut: 0 };
  #stopping?: Promise<void>;
  readonly #restarts = new Restarts();

  /** @ignore Only `copas.addworkers` calls it. */
  constructor(
    scheduler: Scheduler,
    module: URL,
    options: WorkersOptions,
    scopes: readonly NetScope[] = [],
  ) {
    const settings = workerSettings(module, options);
    const { source, order, permissions, grace, heartbeat, count } = settings;
    this.#starttimeout = settings.starttimeout;
    this.#scheduler = scheduler;
    this.#source = source;
    this.#order = order;
    this.#permissions = narrowPermissions(permissions, scopes);
    this.#grace = grace;
    this.#heartbeat = heartbeat;
    this.#places = newPlaces(count);
    this.#isAnyPort = order.port === 0;
    const picked = this.#isAnyPort ? pickPort(order) : undefined;
    let release = () => {};
    try {
      release = claim(order);
      // The first one is started at once: what Deno refuses is refused here.
      const first = this.#start(this.#places[0]);
      this.ready = this.#startAll(first, picked);
    } catch (error) {
      picked?.close();
      release();
      throw error;
    }
    this.#over.promise.then(release);
    this.ready.catch(() => {
      // Workers that were stopped while they started have not failed. What made
      // the others fail is reported with the name of the worker.
      if (this.#stopping === undefined) this.#giveUp();
    });
    this.#keepLoopGoing();
  }

  /** @ignore Resolves when all have ended, however they did. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** The server's name. */
  get name(): string {
    return this.#order.name;
  }

  /**
   * The address that they share. For port 0 it has the port when they are `ready`:
   * a client that connected earlier could lose its connection.
   */
  get addr(): Deno.NetAddr {
    const { hostname, port } = this.#order;
    const isPicked = this.#isAnyPort && !this.#isReady;
    return { transport: "tcp", hostname, port: isPicked ? 0 : port };
  }

  /** The dispatcher's loop goes on while there are workers; its end is theirs. */
  #keepLoopGoing(): void {
    const { name } = this.#order;
    this.#scheduler.spawn(`${name}:workers`, async () => {
      try {
        await waitForCall(this.#scheduler, () => this.#over.promise, {
          messagePrefix: `${name}: cannot wait for the workers`,
        });
      } finally {
        // A stop that is under way ends them itself.
        if (this.#stopping === undefined) this.#terminate();
      }
    });
  }

  async #startAll(
    first: WorkerHandle,
    picked?: Deno.TcpListener,
  ): Promise<void> {
    try {
      await first.listening;
    } finally {
      picked?.close();
    }
    const others = this.#places.slice(1).map((place) => this.#start(place));
    await Promise.all(others.map((worker) => worker.listening));
    this.#isReady = true;
  }

  #start(place: Place): WorkerHandle {
    const order = {
      ...this.#order,
      name: `${this.#order.name}_${place.number}`,
      posted: this.#posting.last,
    };
    const worker = new WorkerHandle({
      source: this.#source,
      order,
      permissions: withAddress(this.#permissions, order),
      heartbeat: this.#heartbeat,
      starttimeout: this.#starttimeout,
    });
    place.state = "starting";
    place.worker = worker;
    worker.listening.then(() => {
      if (place.worker === worker) place.state = "listening";
    }, () => {});
    const since = performance.now();
    worker.ended.then((error) => this.#ended(place, worker, since, error));
    return worker;
  }

  #ended(place: Place, worker: WorkerHandle, since: number, error?: Error) {
    this.#leaving.delete(worker);
    if (worker.silent) place.abandoned++;
    if (error !== undefined && this.#stopping === undefined) {
      const { name } = this.#order;
      const { main } = this.#scheduler;
      this.#scheduler.report(crashError(name, place, worker, error), main);
    }
    if (place.worker !== worker) return;
    place.worker = undefined;
    if (this.#stopping !== undefined || error === undefined) {
      place.state = "stopped";
      return;
    }
    startLater(place, (performance.now() - since) / 1000, () => {
      this.#start(place);
    });
  }

  /**
   * Gives a value, such as a configuration, to the function `onmessage` that the
   * handler's module exports. A worker that is started later gets the last value
   * before it listens.
   *
   * @param value what `structuredClone` can copy. It is copied at once
   * @param timeout seconds that each worker may take; `Infinity` is without
   * limit. Default: `starttimeout`
   * @returns resolves when `onmessage` of every worker has returned, or resolved
   * @throws {Error} when one of them has thrown, or the module exports none: then
   * workers that are started later get the value that was posted before
   * @throws {TimeoutError} when one of them takes longer. It goes on, and later
   * values wait for it
   * @throws {TypeError} when the timeout is not a number
   * @throws {RangeError} when the timeout is negative or `NaN`
   * @throws {DOMException} `DataCloneError` when the value can't be copied
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const workers = copas.addworkers(new URL("./handler.ts", import.meta.url), {
   *   hostname: "127.0.0.1",
   *   port: 8080,
   * });
   * await workers.post({ greeting: "Hello" });
   * ```
   */
  async post(
    value: unknown,
    timeout: number = this.#starttimeout,
  ): Promise<void> {
    checkDelay("post()", "the timeout", timeout);
    const posted = postedOf(value, this.#scheduler.tracer);
    if (this.#stopping !== undefined) {
      throw new Error(`${this.name}: post(): the workers are stopped`);
    }
    const workers = this.#places.map(({ worker }) => worker);
    await this.#posting.post(workers, posted, timeout);
  }

  /** What each worker is doing. */
  async status(): Promise<WorkerStatus[]> {
    return await Promise.all(this.#places.map(async (place) => {
      const { worker } = place;
      const listens = place.state === "listening";
      const report = listens ? await worker?.ask() : undefined;
      const isSilent = listens && report === undefined &&
        place.worker === worker && place.state === "listening";
      return {
        worker: place.number,
        state: isSilent ? "silent" : place.state,
        crashes: place.crashes,
        abandoned: place.abandoned,
        ...report,
      };
    }));
  }

  /**
   * Replaces the workers by new ones, which load the handler's module anew: one
   * after the other, and each new one listens before the old one stops. So no
   * connection is refused. The old ones finish their connections meanwhile.
   *
   * @param worker the place of the one that is to be replaced, from 1, as
   * `status()` tells it. Default: all of them
   * @returns when all new ones listen, and no old one does
   * @throws {Error} when a new worker can't be started: the old one then stays;
   * or when the workers are stopped, or were meanwhile
   * @throws {TypeError} when `worker` is not a whole number
   * @throws {RangeError} when there is no such place
   */
  async restart(worker?: number): Promise<void> {
    if (worker !== undefined) {
      checkInteger("restart()", "the worker", worker, 1, this.#places.length);
    }
    const places = this.#places.slice((worker ?? 1) - 1, worker);
    await this.#restarts.run(worker, () => this.#replace(places));
  }

  async #replace(places: Place[]): Promise<void> {
    await this.ready;
    for (const place of places) {
      if (this.#stopping !== undefined) {
        throw new Error(`${this.name}: restart(): the workers are stopped`);
      }
      clearTimeout(place.timer);
      const { worker: old } = place;
      if (old !== undefined) this.#leaving.add(old);
      const worker = this.#start(place);
      try {
        await worker.listening;
      } catch (error) {
        await worker.ended;
        if (old !== undefined && !old.over) this.#putBack(place, old);
        throw error;
      }
      old?.stop(this.#grace);
      await old?.closed;
    }
  }

  /** The old worker stays: its successor could not be started. */
  #putBack(place: Place, worker: WorkerHandle): void {
    clearTimeout(place.timer);
    this.#leaving.delete(worker);
    place.worker = worker;
    place.state = "listening";
  }

  /**
   * Stops accepting in all workers; each ends when its last connection has ended.
   * What needs longer than `grace` seconds is cut in each as `copas.shutdown` does it; a
   * worker that does not end then is ended.
   *
   * @param grace seconds. Default: those that `addworkers` was given
   */
  stop(grace: number = this.#grace): Promise<void> {
    return this.#stopping ??= this.#stop(grace);
  }

  /** How many connections the workers that were stopped have served to their end and cut meanwhile. */
  get drained(): Drained {
    return { ...this.#drained };
  }

  async #stop(grace: number): Promise<void> {
    for (const { timer } of this.#places) clearTimeout(timer);
    const present = this.#places.flatMap(({ worker }) => worker ?? []);
    const workers = [...this.#leaving, ...present];
    await Promise.all(workers.map((worker) => worker.stop(grace)));
    for (const { drained: { served, cut } } of workers) {
      this.#drained.served += served;
      this.#drained.cut += cut;
    }
    for (const place of this.#places) place.state = "stopped";
    this.#over.resolve();
  }

  #giveUp(): void {
    // A supervisor must not take this for a program that has done its work.
    Deno.exitCode ||= 1;
    this.#terminate();
  }

  #terminate(): void {
    this.#stopping ??= Promise.resolve();
    for (const worker of this.#leaving) worker.terminate();
    for (const place of this.#places) {
      clearTimeout(place.timer);
      place.worker?.terminate();
      place.state = "stopped";
    }
    this.#over.resolve();
  }

  /** The name, and how many of the workers listen: `"echo: 3 of 4 workers listen"`. */
  toString(): string {
    const { length } = this.#places.filter(({ state }) =>
      state === "listening"
    );
    return `${this.name}: ${length} of ${this.#places.length} workers listen`;
  }

  /** Stops the workers at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
