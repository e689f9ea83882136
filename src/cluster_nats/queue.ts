/**
 * The queue, as a stream of JetStream with one consumer for all workers.
 *
 * @module
 */

import type { ClusterQueue, Job, PushOptions } from "../cluster/queue.ts";
import type { Task } from "../core/task.ts";
import { checkFunction, outOfRange, wrongType } from "../errors/arguments.ts";
import { DestroyedError } from "../errors/errors.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { Deliveries, type Delivery } from "./deliveries.ts";
import type { Engine, Part } from "./engine.ts";
import { Once } from "./once.ts";
import { backOff, delay } from "./patience.ts";
import type { QueueSettings } from "./settings.ts";
import { type DeadLetter, Worker } from "./worker.ts";

/** The subject and the stream of a queue. */
const subjectOf = (name: string) => `copas.queue.${name}`;
const streamOf = (name: string) => `copas_queue_${name}`;
/** How long an id may be, in characters. */
const LONGEST_ID = 1024;
/** The server's time is in nanoseconds. */
export const NANO = 1e9;

/** This program's end of a queue. */
export class NatsQueue<T> implements ClusterQueue<T>, Part {
  readonly name: string;
  readonly maxsize: number;
  readonly #engine: Engine;
  readonly #settings: QueueSettings<T>;
  readonly #deliveries: Deliveries;
  readonly #workers = new Set<Worker<T>>();
  #count = 0;
  #isStopped = false;
  #isFinishing = false;
  readonly #stream: Once;
  readonly #deadStream: Once;

  constructor(engine: Engine, settings: QueueSettings<T>) {
    this.#engine = engine;
    this.#settings = settings;
    this.name = settings.name;
    this.maxsize = settings.maxsize ?? Infinity;
    const { connection, closing } = engine;
    this.#stream = new Once(
      closing,
      (signal) => this.#makeStream(this.name, settings.maxsize, signal),
    );
    this.#deadStream = new Once(
      closing,
      (signal) => this.#makeStream(settings.dead!, undefined, signal),
    );
    this.#deliveries = new Deliveries(
      connection,
      streamOf(this.name),
      new Once(closing, (signal) => this.#makeConsumer(signal)),
      () => engine.isResting,
    );
    engine.parts.add(this);
  }

  // --- Pushing ---------------------------------------------------------------

  push(item: T, options?: number | PushOptions): Promise<true> {
    const given = typeof options === "object" ? options : undefined;
    return this.#engine.wait({
      call: "push()",
      what: `Cannot push to ${this.name}`,
      options,
      keys: ["id"],
      begin: async (signal) => {
        this.#checkOpen("push to", !this.#isFinishing);
        const { id = crypto.randomUUID() } = given ?? {};
        checkId(id);
        const bytes = this.#settings.codec.encode(item);
        await this.#store(this.name, this.#stream, bytes, { id }, signal);
        return true as const;
      },
    });
  }

  /** Stores a message, and waits while there is no room for it. */
  async #store(
    name: string,
    stream: Once,
    bytes: Uint8Array,
    message: { id: string; further?: Record<string, string> },
    signal: AbortSignal,
  ): Promise<void> {
    const { jetstream } = this.#engine;
    for (let i = 0;; i++) {
      await stream.done(signal);
      const outcome = await jetstream.publish(
        subjectOf(name),
        bytes,
        message,
        signal,
      );
      if (outcome === "unserved") stream.forget();
      else if (outcome !== "full") return;
      await delay(backOff(i, 0.02, 0.5), signal);
    }
  }

  // --- Taking ------------------------------------------------------------------

  async pop(timeout?: number | WaitOptions): Promise<T> {
    const delivery = await this.#take(timeout, "pop()", 10);
    if (delivery === undefined) throw this.#ended("pop from");
    await this.#acknowledge(delivery);
    return this.#settings.codec.decode(delivery.data);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, undefined> {
    for (;;) {
      const delivery = await this.#take(Infinity, "next()");
      if (delivery === undefined) return undefined;
      await this.#acknowledge(delivery);
      yield this.#settings.codec.decode(delivery.data);
    }
  }

  /** The next job; nothing when the queue was stopped. */
  #take(
    options: number | WaitOptions | undefined,
    call: string,
    usual?: number,
  ): Promise<Delivery | undefined> {
    return this.#engine.wait({
      call,
      what: `Cannot pop from ${this.name}`,
      options,
      usual,
      begin: (signal) => this.#deliveries.next(signal),
      ondiscard: (delivery) => delivery?.giveBack(0),
    });
  }

  #acknowledge(delivery: Delivery): Promise<boolean> {
    return this.#engine.wait({
      call: "acknowledge",
      what: `Cannot tell ${this.name} that a job is done`,
      options: this.#settings.lease,
      begin: (signal) => delivery.done(signal),
      isShielded: true,
    });
  }

  addworker(fn: (item: T, job: Job) => unknown): Task {
    checkFunction("addworker()", "fn", fn);
    this.#checkOpen("add a worker to");
    this.#engine.checkOpen(`Cannot add a worker to ${this.name}`);
    const name = `${this.name}:worker_${++this.#count}`;
    const worker = new Worker<T>(this.#engine, this.#settings, {
      take: () => this.#take(Infinity, "addworker()"),
      acknowledge: (delivery) => this.#acknowledge(delivery),
      bury: (letter) => this.#bury(letter),
    });
    this.#workers.add(worker);
    this.#engine.watchExit();
    return worker.start(name, fn, () => this.#workers.delete(worker));
  }

  getworkers(): Task[] {
    return [...this.#workers].map((worker) => worker.task);
  }

  /** Puts what has failed for good into the other queue, and takes it off this one. */
  #bury({ delivery, reason }: DeadLetter): Promise<boolean> {
    const { dead } = this.#settings;
    return this.#engine.wait({
      call: "bury",
      what: `Cannot move a job of ${this.name} to ${dead}`,
      options: Infinity,
      begin: async (signal) => {
        // The same id again, should this be cut before the job is off the queue.
        const id = `${this.name} ${delivery.id}`;
        const further = {
          "Copas-Queue": this.name,
          "Copas-Attempts": `${delivery.attempt}`,
          "Copas-Error": reason.replace(/[^ -~]+/g, " ").slice(0, 200),
        };
        const message = { id, further };
        await this.#store(
          dead!,
          this.#deadStream,
          delivery.data,
          message,
          signal,
        );
        return await delivery.done(signal);
      },
    });
  }

  // --- Its stream ----------------------------------------------------------------

  #makeStream(
    name: string,
    maxsize: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const fixed = { subjects: [subjectOf(name)], retention: "workqueue" };
    const named = {
      max_msgs: maxsize === Infinity ? -1 : maxsize,
      duplicate_window: this.#settings.remember * NANO,
    };
    const { jetstream } = this.#engine;
    return jetstream.ensureStream(streamOf(name), fixed, named, signal);
  }

  async #makeConsumer(signal: AbortSignal): Promise<void> {
    // What is there takes no time; what is gone is made again.
    this.#stream.forget();
    await this.#stream.done(signal);
    await this.#engine.jetstream.ensureConsumer(
      streamOf(this.name),
      this.#deliveries.consumer,
      {
        ack_policy: "explicit",
        ack_wait: this.#settings.lease * NANO,
        deliver_policy: "all",
        max_ack_pending: -1,
        max_deliver: -1,
        max_waiting: 8192,
      },
      signal,
    );
  }

  // --- Its end -------------------------------------------------------------------

  getsize(options?: number | WaitOptions): Promise<number> {
    return this.#engine.wait({
      call: "getsize()",
      what: `Cannot count the items of ${this.name}`,
      options,
      begin: (signal) => this.#size(signal),
    });
  }

  async #size(signal: AbortSignal): Promise<number> {
    await this.#stream.done(signal);
    const { jetstream } = this.#engine;
    const stream = streamOf(this.name);
    // A server that was killed may have kept jobs that are done (seen with 2.9):
    // they are never handed out again, and the consumer does not count them.
    const { consumer } = this.#deliveries;
    return await jetstream.undone(stream, consumer, signal) ??
      (await jetstream.state(stream, signal)).messages;
  }

  async finish(timeout?: number | WaitOptions): Promise<true> {
    this.#isFinishing = true;
    await this.#engine.wait({
      call: "finish()",
      what: `Cannot finish ${this.name}`,
      options: timeout,
      usual: 10,
      begin: async (signal) => {
        for (let i = 0; await this.#size(signal) > 0; i++) {
          await delay(backOff(i, 0.02, 0.5), signal);
        }
        this.stop();
        await Promise.all([...this.#workers].map((worker) => worker.ended));
      },
    });
    return true;
  }

  stop(): true {
    this.#isStopped = true;
    this.#deliveries.stop();
    return true;
  }

  rest(): void {
    this.#deliveries.rest();
  }

  async end(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.ended));
  }

  cut(): void {
    for (const worker of this.#workers) worker.cut();
  }

  #checkOpen(call: string, isOpen = true): void {
    if (this.#isStopped || !isOpen) throw this.#ended(call);
  }

  #ended(call: string): DestroyedError {
    return new DestroyedError(`Cannot ${call} ${this.name}: it was stopped`);
  }
}

/** It goes in a header; one without text would not be held against others. */
function checkId(id: unknown): void {
  const expected =
    `a text of 1 to ${LONGEST_ID} characters without line breaks`;
  if (typeof id !== "string") {
    throw wrongType("push()", "the id", expected, id);
  }
  if (id.length < 1 || id.length > LONGEST_ID || /[\r\n\0]/.test(id)) {
    throw outOfRange("push()", "the id", expected, id);
  }
}
