/**
 * The requests of JetStream that the engine makes: streams, consumers, stored
 * messages. Each is made again until it is answered.
 *
 * @module
 */

import type { Msg, MsgHdrs } from "npm:@nats-io/nats-core@^3.4.0";
import { headers } from "npm:@nats-io/nats-core@^3.4.0";
import { EngineError } from "../cluster/engine_error.ts";
import type { Connection } from "./connection.ts";
import { NoAnswer } from "./requests.ts";
import { backOff, delay } from "./patience.ts";

/** The numbers of the server's errors that mean something to us. */
const NO_STREAM = 10059;
/** It is not there: the consumer, the message for a read, and in two ways the message for a deletion. */
const NOT_THERE = [10014, 10037, 10043, 10057];
const WRONG_LAST_SEQUENCE = 10071;
const OTHER_CONFIG = 10058;
/** What passes by itself: no leader, too busy, no answer within the cluster. */
const PASSING = [10008, 10009, 10074, 10118];
/** The stream has as many messages or bytes as it may have, or the account or the disk has no more room. */
const FULL = [10002, 10023, 10047, 10077];

/** How often nothing may serve JetStream, a tenth of a second each, until there is none. */
const MOST_UNSERVED = 20;

interface Failure {
  code: number;
  err_code?: number;
  description?: string;
}

/** What the server answers to a publish. */
export interface Stored {
  seq: number;
  duplicate?: boolean;
}

/** The outcome of a publish that may be refused. */
export type Publish = Stored | "full" | "conflict" | "unserved";

/** A stored message. */
export interface StoredMessage {
  seq: number;
  data: Uint8Array;
  /** Its headers, as they were sent. */
  headers: string;
}

/** The state of a stream. */
export interface StreamState {
  messages: number;
  subjects?: Record<string, number>;
}

/** JetStream over one connection. */
export class JetStream {
  constructor(
    readonly connection: Connection,
    /** How many servers keep each stream; where nothing is said, as many as do, or one. */
    readonly replicas?: number,
  ) {}

  /** Whether the servers have JetStream at all. */
  async check(signal: AbortSignal): Promise<void> {
    const { connection } = this;
    for (let i = 0;; i++) {
      await connection.ready(signal);
      const answer = await this.#firstAnswer(signal);
      const failure = answer && failureOf(answer);
      const isUnserved = answer?.headers?.code === 503;
      if (answer !== undefined && !isUnserved && failure === undefined) return;
      // Servers that have just started have no leader yet, and say so or nothing.
      const passes = failure === undefined || failure.code === 503;
      if (!passes || (isUnserved && i >= MOST_UNSERVED)) {
        throw new EngineError(
          `the server ${connection.server} has no JetStream: start it with -js` +
            (failure ? ` (it says: ${failure.description})` : ""),
          { reply: failure?.err_code, text: failure?.description },
        );
      }
      await delay(0.1, signal);
    }
  }

  async #firstAnswer(signal: AbortSignal): Promise<Msg | undefined> {
    const options = { signal, patience: 1 };
    try {
      return await this.connection.request("$JS.API.INFO", "", options);
    } catch (error) {
      if (error instanceof NoAnswer) return undefined;
      throw error;
    }
  }

  /**
   * Makes a stream. One that is there keeps its settings, but for those that this
   * program names: two programs need not name the same.
   */
  async ensureStream(
    name: string,
    fixed: Record<string, unknown>,
    named: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = Object.entries({ ...named, num_replicas: this.replicas })
      .filter(([, value]) => value !== undefined);
    const config = { name, storage: "file", discard: "new", ...fixed };
    const request = { ...config, ...Object.fromEntries(wanted) };
    try {
      await this.#api(`STREAM.CREATE.${name}`, request, signal);
    } catch (error) {
      if (!(error instanceof EngineError) || error.reply !== OTHER_CONFIG) {
        throw error;
      }
      const info = await this.#api(`STREAM.INFO.${name}`, {}, signal);
      const present = info!.config as Record<string, unknown>;
      if (wanted.every(([key, value]) => present[key] === value)) return;
      const change = { ...present, ...Object.fromEntries(wanted) };
      await this.#api(`STREAM.UPDATE.${name}`, change, signal);
    }
  }

  /** Makes the consumer of a stream, or lets it have these settings. */
  async ensureConsumer(
    stream: string,
    name: string,
    settings: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#api(`CONSUMER.DURABLE.CREATE.${stream}.${name}`, {
      stream_name: stream,
      config: { durable_name: name, ...settings },
    }, signal);
  }

  /** The state of a stream; with a count for each subject when a filter is given. */
  async state(
    stream: string,
    signal: AbortSignal,
    filter?: string,
  ): Promise<StreamState> {
    const request = filter === undefined ? {} : { subjects_filter: filter };
    const answer = await this.#api(`STREAM.INFO.${stream}`, request, signal);
    return answer!.state as StreamState;
  }

  /** How many messages of a stream a consumer has not done; nothing when there is no such consumer. */
  async undone(
    stream: string,
    consumer: string,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const call = `CONSUMER.INFO.${stream}.${consumer}`;
    const info = await this.#api(call, {}, signal);
    return info &&
      (info.num_pending as number) + (info.num_ack_pending as number);
  }

  /** The last message of a subject. */
  async last(
    stream: string,
    subject: string,
    signal: AbortSignal,
  ): Promise<StoredMessage | undefined> {
    const request = { last_by_subj: subject };
    const answer = await this.#api(`STREAM.MSG.GET.${stream}`, request, signal);
    const message = answer?.message as {
      seq: number;
      data?: string;
      hdrs?: string;
    };
    return message && {
      seq: message.seq,
      data: Uint8Array.fromBase64(message.data ?? ""),
      headers: atob(message.hdrs ?? ""),
    };
  }

  /** Deletes a message. Resolves to whether it was there. */
  async delete(
    stream: string,
    seq: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const request = { seq, no_erase: true };
    const call = `STREAM.MSG.DELETE.${stream}`;
    return await this.#api(call, request, signal) !== undefined;
  }

  /** A request of the API. Resolves to nothing when what it is about is not there. */
  async #api(
    call: string,
    request: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<Record<string, unknown> | undefined> {
    const body = JSON.stringify(request);
    for (let i = 0;; i++) {
      const answer = await this.connection.ask(`$JS.API.${call}`, body, {
        signal,
      });
      const failure = failureOf(answer);
      if (failure === undefined) {
        return readJson(answer) as Record<string, unknown>;
      }
      const { err_code: number = 0 } = failure;
      if (NOT_THERE.includes(number)) return undefined;
      if (!PASSING.includes(number) && failure.code !== 503) {
        throw refused(call, failure);
      }
      await delay(backOff(i, 0.02, 1), signal);
    }
  }

  /**
   * Publishes a message into a stream.
   *
   * @param id so that it is stored once although it is sent again
   * @param last the sequence that the last message of the subject must have; 0: there must be none
   */
  async publish(
    subject: string,
    data: Uint8Array,
    { id, last, further }: {
      id: string;
      last?: number;
      further?: Record<string, string>;
    },
    signal: AbortSignal,
  ): Promise<Publish> {
    const given = headers();
    given.set("Nats-Msg-Id", id);
    if (last !== undefined) {
      given.set("Nats-Expected-Last-Subject-Sequence", `${last}`);
    }
    for (const [key, value] of Object.entries(further ?? {})) {
      given.set(key, value);
    }
    for (let i = 0;; i++) {
      const answer = await this.connection.ask(subject, data, {
        headers: given as MsgHdrs,
        signal,
        // There is no leader, or no stream any more.
        tries: 3,
      });
      if (answer.headers?.code === 503) return "unserved";
      const failure = failureOf(answer);
      if (failure === undefined) return readStored(answer);
      const { err_code: number = 0 } = failure;
      if (number === WRONG_LAST_SEQUENCE) return "conflict";
      if (FULL.includes(number)) return "full";
      if (number === NO_STREAM || !isPassing(failure)) {
        throw refused(`publish to ${subject}`, failure);
      }
      await delay(backOff(i, 0.02, 1), signal);
    }
  }
}

function isPassing({ code, err_code = 0 }: Failure): boolean {
  return code === 503 || PASSING.includes(err_code);
}

/** The error that an answer tells of, if it is one. */
function failureOf(answer: Msg): Failure | undefined {
  // Most answers are none: looking for the word is cheaper than reading JSON.
  if (!answer.string().includes('"error"')) return undefined;
  return (readJson(answer) as { error?: Failure }).error;
}

function readStored(answer: Msg): Stored {
  const stored = readJson(answer) as Stored;
  if (Number.isSafeInteger(stored.seq)) return stored;
  throw notUnderstood();
}

/** What the server, or who answers in its place, has said. */
function readJson(answer: Msg): object {
  let value;
  try {
    value = answer.json<object | null>();
  } catch {
    throw notUnderstood();
  }
  if (typeof value === "object" && value !== null) return value;
  throw notUnderstood();
}

function notUnderstood(): EngineError {
  return new EngineError(
    "the server's answer is none of JetStream's: does another program serve its subjects?",
  );
}

function refused(call: string, failure: Failure): EngineError {
  const { err_code: reply, description: text } = failure;
  return new EngineError(`${call}: the server refuses: ${text} (${reply})`, {
    reply,
    text,
  });
}
