/**
 * Requests and their answers, over one connection after the other.
 *
 * @module
 */

import type {
  Msg,
  MsgHdrs,
  NatsConnection,
  Subscription,
} from "npm:@nats-io/nats-core@^3.4.0";
import { createInbox } from "npm:@nats-io/nats-core@^3.4.0/internal";

/** Seconds after which an answer is given up, and the request made again. */
const PATIENCE = 2;

/** No answer came: the connection was lost, or the server did not answer in time. The request can be made again. */
export class NoAnswer extends Error {}

/** How a request is made. */
export interface RequestOptions {
  headers?: MsgHdrs;
  /** Gives the request up. */
  signal?: AbortSignal;
  /** Seconds until it is given up. Default: 2. */
  patience?: number;
  /** How often nothing may serve the subject before `ask` says so. Default: no limit. */
  tries?: number;
}

/** What requests need of their connection. */
export interface RequestSender {
  readonly isConnected: boolean;
  /** Hands a message to the client. */
  send(
    subject: string,
    data: string | Uint8Array,
    options: { reply: string; headers?: MsgHdrs },
  ): void;
  /** Sends a message if there is a connection. */
  tell(subject: string, data: string): void;
}

interface Pending {
  resolve: (answer: Msg) => void;
  reject: (error: unknown) => void;
  /** When it is given up, in milliseconds. */
  until: number;
}

/** The requests that wait for their answers. */
export class Requests {
  readonly #client: NatsConnection;
  readonly #host: RequestSender;
  readonly #inbox = createInbox();
  /** Where jobs come, and the subscriptions of requests for one. */
  readonly #jobs = createInbox();
  readonly #inboxes = new Map<
    string,
    { subscription: Subscription; until: number }
  >();
  #count = 0;
  readonly #pending = new Map<string, Pending>();

  constructor(client: NatsConnection, host: RequestSender) {
    this.#client = client;
    this.#host = host;
    client.subscribe(`${this.#inbox}.*`, {
      callback: (_error, answer) => {
        const token = answer.subject.slice(this.#inbox.length + 1);
        this.#answered(token, answer);
      },
    });
  }

  /** Makes a request over this connection; fails with {@linkcode NoAnswer} when that is lost. */
  request(
    subject: string,
    data: string | Uint8Array,
    options: RequestOptions = {},
  ): Promise<Msg> {
    const token = `${++this.#count}`;
    const reply = `${this.#inbox}.${token}`;
    return this.#send(token, { subject, data, reply }, options);
  }

  /**
   * Asks for a job. That comes under the subject of the queue, and only the
   * subscription tells for which request it is: each has one of its own. It stays
   * for a while after the request was given up, so that a job that comes then can
   * be given back.
   */
  pull(
    subject: string,
    data: string,
    options: RequestOptions = {},
  ): Promise<Msg> {
    const token = `${++this.#count}`;
    const reply = `${this.#jobs}.${token}`;
    const subscription = this.#client.subscribe(reply, {
      callback: (_error, answer) => {
        this.#inboxes.delete(token);
        subscription.unsubscribe();
        this.#answered(token, answer);
      },
    });
    const { patience = PATIENCE } = options;
    const until = performance.now() + (patience + PATIENCE) * 1000;
    this.#inboxes.set(token, { subscription, until });
    return this.#send(token, { subject, data, reply }, options);
  }

  #send(
    token: string,
    message: { subject: string; data: string | Uint8Array; reply: string },
    { headers, signal, patience = PATIENCE }: RequestOptions,
  ): Promise<Msg> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (!this.#host.isConnected) {
      return Promise.reject(new NoAnswer("not connected"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    const end = (settle: () => void) => {
      if (!this.#pending.delete(token)) return;
      signal?.removeEventListener("abort", abort);
      settle();
    };
    const fail = (error: unknown) => end(() => reject(error));
    const abort = () => fail(signal!.reason);
    this.#pending.set(token, {
      resolve: (answer) => end(() => resolve(answer)),
      reject: fail,
      until: performance.now() + patience * 1000,
    });
    signal?.addEventListener("abort", abort);
    try {
      const { subject, data, reply } = message;
      this.#host.send(subject, data, { reply, headers });
    } catch (error) {
      fail(error);
    }
    return promise;
  }

  #answered(token: string, answer: Msg): void {
    const pending = this.#pending.get(token);
    if (pending !== undefined) return pending.resolve(answer);
    // A job for a worker that has given its call up: another one is to get it now.
    if (answer.reply?.startsWith("$JS.ACK.")) {
      this.#host.tell(answer.reply, "-NAK");
    }
  }

  /** Gives up what has had no answer in time. */
  sweep(): void {
    const now = performance.now();
    for (const { until, reject } of this.#pending.values()) {
      if (until < now) reject(new NoAnswer("no answer in time"));
    }
    for (const [token, { subscription, until }] of this.#inboxes) {
      if (until > now) continue;
      this.#inboxes.delete(token);
      subscription.unsubscribe();
    }
  }

  /** The connection is lost, and so are the answers. */
  lost(): void {
    for (const { reject } of this.#pending.values()) {
      reject(new NoAnswer("the connection was lost"));
    }
    for (const { subscription } of this.#inboxes.values()) {
      subscription.unsubscribe();
    }
    this.#inboxes.clear();
  }
}
