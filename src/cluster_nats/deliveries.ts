/**
 * The jobs that the server hands out, one for each request.
 *
 * @module
 */

import type { Msg } from "npm:@nats-io/nats-core@^3.4.0";
import type { Connection } from "./connection.ts";
import { NoAnswer } from "./requests.ts";
import type { Once } from "./once.ts";
import { backOff, delay } from "./patience.ts";

/** Seconds for which the server keeps a request that it has no job for. A leader that goes away forgets it. */
const EXPIRES = 3;
/** Seconds beyond that until the answer is given up. */
const EXTRA = 1;
/** The consumer that all workers of a queue share. */
const CONSUMER = "workers";

/** A job, in the hands of this program until its lease is over. */
export class Delivery {
  readonly #connection: Connection;
  readonly #message: Msg;
  readonly attempt: number;
  /** The place in the stream. */
  readonly seq: string;
  /** When the request was sent that it answers, at the latest. */
  readonly since = performance.now();

  constructor(connection: Connection, message: Msg) {
    this.#connection = connection;
    this.#message = message;
    // $JS.ACK.<stream>.<consumer>.<delivered>.<seq>.…, or with a domain and an account before the stream.
    const words = message.reply!.split(".");
    const at = words.length > 10 ? 6 : 4;
    this.attempt = Number(words[at]);
    this.seq = words[at + 1];
  }

  get data(): Uint8Array {
    return this.#message.data;
  }

  /** What it was pushed with. */
  get id(): string {
    return this.#message.headers?.get("Nats-Msg-Id") || `${this.seq}`;
  }

  /** Says that the job is done, until the server has heard it. */
  async done(signal: AbortSignal): Promise<boolean> {
    await this.#connection.ask(this.#message.reply!, "+ACK", { signal });
    return true;
  }

  /** Asks for the lease again. */
  async renew(patience: number): Promise<boolean> {
    const { reply } = this.#message;
    const answer = await this.#connection.request(reply!, "+WPI", { patience });
    if (answer.headers?.code === 503) throw new NoAnswer("no leader");
    return true;
  }

  /** Gives the job back, to be tried again after some seconds. */
  giveBack(seconds: number): void {
    const nanoseconds = Math.round(seconds * 1e9);
    const text = seconds > 0 ? `-NAK {"delay": ${nanoseconds}}` : "-NAK";
    this.#connection.tell(this.#message.reply!, text);
  }
}

/** Where the workers of one queue get their jobs. */
export class Deliveries {
  readonly consumer = CONSUMER;
  readonly #connection: Connection;
  readonly #subject: string;
  readonly #made: Once;
  readonly #stops = new Set<() => void>();
  readonly #isResting: () => boolean;
  #isStopped = false;

  constructor(
    connection: Connection,
    stream: string,
    /** Makes the consumer. */
    made: Once,
    /** Whether the program is about to end. */
    isResting: () => boolean,
  ) {
    this.#isResting = isResting;
    this.#connection = connection;
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${CONSUMER}`;
    this.#made = made;
  }

  /** The next job; nothing when there will be no more. */
  async next(given: AbortSignal): Promise<Delivery | undefined> {
    const controller = new AbortController();
    const { signal } = controller;
    const leave = () => controller.abort(given.reason);
    const stop = () => controller.abort(STOPPED);
    given.addEventListener("abort", leave);
    this.#stops.add(stop);
    if (given.aborted) leave();
    if (this.#isStopped || this.#isResting()) stop();
    try {
      return await this.#next(signal);
    } catch (error) {
      if (error === STOPPED) return undefined;
      throw error;
    } finally {
      given.removeEventListener("abort", leave);
      this.#stops.delete(stop);
    }
  }

  async #next(signal: AbortSignal): Promise<Delivery> {
    const request = JSON.stringify({ batch: 1, expires: EXPIRES * 1e9 });
    for (let failures = 0;;) {
      await this.#connection.ready(signal);
      await this.#made.done(signal);
      let code: number | undefined;
      try {
        const message = await this.#connection.pull(
          this.#subject,
          request,
          { signal, patience: EXPIRES + EXTRA },
        );
        code = message.headers?.code;
        if (message.reply) return new Delivery(this.#connection, message);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
      // 408: there was no job. All else: the leader is gone, or the consumer.
      if (code === 408 || code === 404) {
        failures = 0;
        continue;
      }
      this.#made.forget();
      await delay(backOff(failures++, 0.02, 1), signal);
    }
  }

  /** No more jobs are taken: calls that wait for one get none. */
  stop(): void {
    this.#isStopped = true;
    this.rest();
  }

  /** Calls that wait for a job get none. */
  rest(): void {
    for (const stop of this.#stops) stop();
  }
}

const STOPPED = new Error("the queue was stopped");
