/**
 * A worker of a queue: a thread that does one job after the other.
 *
 * @module
 */

import { EngineError } from "../cluster/engine_error.ts";
import type { Job } from "../cluster/queue.ts";
import { sleepFor } from "../core/sleep.ts";
import type { Task } from "../core/task.ts";
import type { Thread } from "../core/thread.ts";
import { CancelledError, ClosedError } from "../errors/errors.ts";
import type { Delivery } from "./deliveries.ts";
import type { Engine } from "./engine.ts";
import { LeaseClock } from "./lease.ts";
import { backOff } from "./patience.ts";
import { type QueueSettings, usualBackoff } from "./settings.ts";

/** A job that has failed for good. */
export interface DeadLetter {
  delivery: Delivery;
  reason: string;
}

/** What a worker needs of its queue. Each call waits. */
export interface JobSource {
  /** The next job; nothing when the queue was stopped. */
  take(): Promise<Delivery | undefined>;
  acknowledge(delivery: Delivery): Promise<boolean>;
  bury(letter: DeadLetter): Promise<boolean>;
}

/** One worker. */
export class Worker<T> {
  readonly #engine: Engine;
  readonly #settings: QueueSettings<T>;
  readonly #source: JobSource;
  readonly #end = Promise.withResolvers<void>();
  #task!: Thread;

  constructor(
    engine: Engine,
    settings: QueueSettings<T>,
    source: JobSource,
  ) {
    this.#engine = engine;
    this.#settings = settings;
    this.#source = source;
  }

  /** Its thread. */
  get task(): Task {
    return this.#task;
  }

  /** Resolves when the thread has ended. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Ends the thread in the middle of its job, which goes back. */
  cut(): void {
    this.#task.cancel();
  }

  /** Starts the thread. */
  start(
    name: string,
    fn: (item: T, job: Job) => unknown,
    onended: () => void,
  ): Task {
    const { scheduler } = this.#engine;
    return this.#task = scheduler.spawn(name, async () => {
      this.#task = scheduler.current;
      try {
        await this.#work(fn);
      } finally {
        onended();
        this.#end.resolve();
      }
    });
  }

  async #work(fn: (item: T, job: Job) => unknown): Promise<void> {
    for (let failures = 0;;) {
      try {
        const delivery = await this.#source.take();
        if (delivery === undefined) return;
        failures = 0;
        await this.#handle(delivery, fn);
      } catch (error) {
        if (this.#isOver(error)) return;
        // A server that refuses today may be set right tomorrow.
        if (!(error instanceof EngineError)) throw error;
        this.#report(error);
        await sleepFor(this.#engine.scheduler, backOff(failures++, 1, 30), {});
      }
    }
  }

  #isOver(error: unknown): boolean {
    if (error instanceof CancelledError && this.#task.removed) throw error;
    return error instanceof ClosedError && this.#engine.isClosing;
  }

  async #handle(
    delivery: Delivery,
    fn: (item: T, job: Job) => unknown,
  ): Promise<void> {
    const { lease: seconds, attempts } = this.#settings;
    const { attempt, id } = delivery;
    if (attempt > attempts) {
      const reason = `the lease of attempt ${attempt - 1} was lost`;
      await this.#source.bury({ delivery, reason });
      return;
    }
    const lease = new LeaseClock(
      seconds,
      delivery.since,
      () => delivery.renew(seconds / 3),
    );
    const { signal } = lease;
    try {
      const item = this.#settings.codec.decode(delivery.data);
      await fn(item, { attempt, id, signal });
    } catch (error) {
      lease.stop();
      return await this.#failed(delivery, error, signal);
    }
    // A worker that went home because it was told to has not done the job.
    if (lease.isLost) return;
    try {
      await this.#source.acknowledge(delivery);
    } catch (error) {
      this.#report(error);
    } finally {
      lease.stop();
    }
  }

  /** The job is tried again, by another worker perhaps, or has failed for good. */
  async #failed(
    delivery: Delivery,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const { attempts } = this.#settings;
    const { attempt } = delivery;
    if (error instanceof CancelledError && this.#task.removed) {
      // The job is not to blame.
      delivery.giveBack(0);
      throw error;
    }
    this.#report(error);
    if (attempt >= attempts) {
      await this.#source.bury({ delivery, reason: String(error) });
      return;
    }
    // After the loss of the lease the job is not ours to give back.
    if (!signal.aborted) delivery.giveBack(this.#pauseAfter(attempt));
  }

  /** The seconds until the next attempt; the usual ones when the program's function fails. */
  #pauseAfter(attempt: number): number {
    try {
      return this.#settings.backoff(attempt);
    } catch (error) {
      this.#report(error);
      return usualBackoff(attempt);
    }
  }

  #report(error: unknown): void {
    this.#engine.scheduler.report(error, this.#task, this.#task.socket);
  }
}
