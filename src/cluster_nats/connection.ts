/**
 * The connection to the servers: requests and their answers, publishes that wait
 * for it, and what happens when it is lost.
 *
 * @module
 */

import type {
  ConnectionOptions,
  Msg,
  MsgHdrs,
  NatsConnection,
  Subscription,
} from "npm:@nats-io/nats-core@^3.4.0";
import { NatsConnectionImpl } from "npm:@nats-io/nats-core@^3.4.0/internal";
import { outsideThreads } from "../core/current_thread.ts";
import { ClosedError, TooLongError } from "../errors/errors.ts";
import { backOff, delay, onAbort } from "./patience.ts";
import { NoAnswer, type RequestOptions, Requests } from "./requests.ts";
import {
  type ClusterHost,
  type CopasTransport,
  type Link,
  linkOptions,
  useTransport,
} from "./transport.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";

/** Milliseconds between the looks for requests without an answer. */
const SWEEP = 500;

const encoder = new TextEncoder();

/** How a connection is made. */
export interface ConnectionSettings {
  host: ClusterHost;
  sslparams?: SslParams | SslParamsSource;
  /** Seconds for connecting. */
  timeout: number;
  /** How many bytes wait at most until `publish` has to. */
  maxbuffered: number;
  /** The client's own. */
  client: ConnectionOptions;
}

/** A connection that is made again when it is lost. */
export class Connection implements Link {
  readonly host: ClusterHost;
  readonly sslparams?: SslParams | SslParamsSource;
  readonly timeout: number;
  readonly #maxBuffered: number;
  #client!: NatsConnection;
  #transport?: CopasTransport;
  #isConnected = false;
  #isClosed = false;
  #reconnects = 0;
  #ready = Promise.withResolvers<void>();
  #requests!: Requests;
  #sweeper?: ReturnType<typeof setInterval>;
  readonly #ends = new Set<() => void>();

  private constructor(settings: ConnectionSettings) {
    ({ host: this.host, sslparams: this.sslparams } = settings);
    this.timeout = settings.timeout;
    this.#maxBuffered = settings.maxbuffered;
    this.#ready.promise.catch(() => {});
  }

  /** Connects. */
  static async open(settings: ConnectionSettings): Promise<Connection> {
    const connection = new Connection(settings);
    await outsideThreads(() => connection.#open(settings.client));
    return connection;
  }

  async #open(options: ConnectionOptions): Promise<void> {
    useTransport();
    let attempt = 0;
    this.#client = await NatsConnectionImpl.connect({
      ...options,
      ...linkOptions(this),
      // Others than those of the list may be outside of what Deno grants.
      ignoreClusterUpdates: true,
      noAsyncTraces: true,
      timeout: this.timeout * 1000,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => {
        useTransport();
        attempt = this.#isConnected ? 0 : attempt + 1;
        return backOff(attempt, 0.05, 2) * 1000;
      },
    } as ConnectionOptions) as NatsConnection;
    this.#requests = new Requests(this.#client, this);
    const sweeper = setInterval(() => this.#requests.sweep(), SWEEP);
    Deno.unrefTimer(sweeper);
    this.#sweeper = sweeper;
    this.#connected();
    this.#watch();
    this.#client.closed().then((error) => this.#ended(error ?? undefined));
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#client.status()) {
      if (type !== "reconnect" || this.#transport?.isClosed) continue;
      this.#reconnects++;
      this.#connected();
    }
  }

  #connected(): void {
    this.#isConnected = true;
    this.#ready.resolve();
  }

  opened(transport: CopasTransport): void {
    this.#transport = transport;
  }

  lost(): void {
    if (this.#isConnected && !this.#isClosed) {
      this.#ready = Promise.withResolvers();
      this.#ready.promise.catch(() => {});
    }
    this.#isConnected = false;
    this.#requests?.lost();
  }

  #ended(error?: Error): void {
    if (this.#isClosed) return;
    clearInterval(this.#sweeper);
    this.lost();
    this.#isClosed = true;
    this.#ready.reject(
      new ClosedError("the connection to the cluster is closed", {
        cause: error,
      }),
    );
    for (const end of this.#ends) end();
  }

  /** Whether it was closed, by the program or because the servers refuse the login. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether a server is reached. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** How often it was made again. */
  get reconnects(): number {
    return this.#reconnects;
  }

  /** The server. */
  get server(): string | undefined {
    return this.#isConnected ? this.#client.getServer() : undefined;
  }

  /** How many bytes wait to be sent. */
  get buffered(): number {
    return this.#transport?.pending ?? 0;
  }

  /** Calls `end` when the connection is closed for good. */
  onEnd(end: () => void): () => void {
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  }

  /** Resolves when there is a connection. */
  async ready(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#isConnected) return;
    await onAbort(this.#ready.promise, signal);
  }

  /** Sends a message if there is a connection: an acknowledgement, a renewal. */
  tell(subject: string, data: string | Uint8Array): void {
    if (this.#isConnected) this.#client.publish(subject, data);
  }

  /** Publishes when there is a connection, and room in its buffer. */
  async publish(
    subject: string,
    data: string | Uint8Array,
    signal: AbortSignal,
  ): Promise<void> {
    await this.ready(signal);
    for (let i = 0; this.buffered > this.#maxBuffered; i++) {
      await delay(backOff(i, 0.001, 0.05), signal);
      await this.ready(signal);
    }
    this.send(subject, data);
  }

  /** Hands a message to the client. */
  send(
    subject: string,
    text: string | Uint8Array,
    options?: { reply: string; headers?: MsgHdrs },
  ): void {
    const data = typeof text === "string" ? encoder.encode(text) : text;
    const { length } = data;
    const most = this.#client.info?.max_payload ?? Infinity;
    if (length > most) {
      throw new TooLongError(
        `${length} bytes are more than the server takes, which is ${most}`,
      );
    }
    this.#client.publish(subject, data, options);
  }

  /** Subscribes; the subscription outlives the connection. */
  subscribe(subject: string, callback: (message: Msg) => void): Subscription {
    return this.#client.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) callback(message);
      },
    });
  }

  /** Makes a request over this connection; fails with {@linkcode NoAnswer} when that is lost. */
  request(
    subject: string,
    data: string | Uint8Array,
    options?: RequestOptions,
  ): Promise<Msg> {
    return this.#requests.request(subject, data, options);
  }

  /** Asks for a job. */
  pull(
    subject: string,
    data: string,
    options?: RequestOptions,
  ): Promise<Msg> {
    return this.#requests.pull(subject, data, options);
  }

  /** Makes a request until it is answered, over one connection after the other. */
  async ask(
    subject: string,
    data: string | Uint8Array,
    options: RequestOptions = {},
  ): Promise<Msg> {
    for (let i = 0;; i++) {
      await this.ready(options.signal);
      try {
        const answer = await this.request(subject, data, options);
        // Nothing serves the subject just now: the leader is being elected.
        if (answer.headers?.code !== 503) return answer;
        if (i + 1 >= (options.tries ?? Infinity)) return answer;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
      await delay(backOff(i, 0.02, 1), options.signal);
    }
  }

  /** Closes it. */
  async close(): Promise<void> {
    await this.#client.close();
    this.#ended();
  }
}
