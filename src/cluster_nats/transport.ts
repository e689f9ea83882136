/**
 * What carries the NATS client's bytes: a socket of the dispatcher, so that its
 * network scope, names, timeouts and TLS hold for it.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { ConnectionOptions, Server } from "npm:@nats-io/nats-core@^3.4.0";
import {
  setTransportFactory,
  type Transport,
} from "npm:@nats-io/nats-core@^3.4.0/internal";
import type { Task } from "../core/task.ts";
import { Thread } from "../core/thread.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { ClosedError, HandshakeError } from "../errors/errors.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";

/** What a cluster needs of a dispatcher. A `Copas` has it, and so does a narrower view of one. */
export interface ClusterHost {
  /** Makes the sockets, each of which checks the network scope. */
  readonly socket: { tcp(options?: StreamSocketOptions): StreamSocket };
  /**
   * Names the thread that calls.
   *
   * @returns the thread
   */
  currentthread(): Task;
  /**
   * Waits for the exit.
   *
   * @returns resolves at the exit
   * @throws {CancelledError} when the thread was removed
   */
  waitforexit(): Promise<void>;
}

/** The scheduler of a dispatcher. */
export function schedulerOf(host: ClusterHost): Scheduler {
  return (host.currentthread() as Thread).scheduler as Scheduler;
}

/**
 * A thread that serves a connection beside the program's work: it does not keep
 * `loop()` going. What cuts the threads of the program (a shutdown whose grace is
 * over) leaves it: the jobs that are cut have to be given back over the
 * connection. That ends with the cluster.
 */
class BackgroundThread extends Thread {
  override get isBusy(): boolean {
    return false;
  }

  override cancel(): void {}
}

/** Starts a thread that does not keep `loop()` going. */
export function startBackground(
  host: ClusterHost,
  name: string,
  body: () => Promise<void>,
): void {
  new BackgroundThread(schedulerOf(host), name).run(body);
}

/** The side of the transport that belongs to the connection. */
export interface Link {
  readonly host: ClusterHost;
  readonly sslparams?: SslParams | SslParamsSource;
  /** Seconds for connecting, the handshake of TLS included. */
  readonly timeout: number;
  /** The transport that is used from now on. */
  opened(transport: CopasTransport): void;
  /** The connection is lost, or was closed. */
  lost(): void;
}

/** The key under which the client's options lead to the link. */
const LINK = "copasLink";
const READ = 64 * 1024;
/** How many chunks wait for the client before no more are received. */
const MOST_CHUNKS = 64;

/** The options with which the client finds its link again. */
export function linkOptions(link: Link): Record<string, unknown> {
  return { [LINK]: link };
}

/**
 * Makes the client take our transport. The client has one setting for the whole
 * process: so it is set again before each connection is made.
 */
export function useTransport(): void {
  setTransportFactory({ factory: () => new CopasTransport() });
}

/** One connection of the client. It is not used again after its end. */
export class CopasTransport implements Transport {
  readonly lang = "copas";
  readonly version = "1";
  closeError?: Error;
  /** How many bytes were given to `send` and are not with the system yet. */
  pending = 0;
  #socket?: StreamSocket;
  #link?: Link;
  #isClosed = false;
  #isSecure = false;
  #inThread?: <T>(work: () => T) => T;
  readonly #chunks: Uint8Array[] = [];
  #arrived = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();
  #closing: Promise<void> = Promise.resolve();
  readonly #end = Promise.withResolvers<Error | void>();

  get isClosed(): boolean {
    return this.#isClosed;
  }

  isEncrypted(): boolean {
    return this.#isSecure;
  }

  /** Connects, and resolves when the server has introduced itself. */
  connect(server: Server, options: ConnectionOptions): Promise<void> {
    const link = (options as Record<string, unknown>)[LINK] as Link | undefined;
    if (link === undefined) {
      // Another part of the program uses the client with a transport of its own.
      return Promise.reject(
        new Error("the NATS client was not made by connect() of Copas"),
      );
    }
    this.#link = link;
    const connected = Promise.withResolvers<void>();
    const name = `nats: ${server.hostname}:${server.port}`;
    startBackground(link.host, name, async () => {
      this.#inThread = AsyncLocalStorage.snapshot();
      try {
        await this.#open(link, server, name);
      } catch (error) {
        this.#socket?.abort();
        return connected.reject(error);
      }
      connected.resolve();
      await this.#read();
    });
    return connected.promise;
  }

  async #open(link: Link, server: Server, name: string): Promise<void> {
    const { sslparams, timeout } = link;
    const timeouts = { connect: timeout, send: Infinity, receive: Infinity };
    const socket = link.host.socket.tcp({ name, timeouts });
    this.#socket = socket;
    await socket.connect(server.hostname, server.port);
    const line = await socket.receive("*l", { timeout });
    const json = /^INFO (.*)$/.exec(line ?? "")?.[1];
    if (json === undefined) {
      throw new Deno.errors.InvalidData(
        `${name} does not answer as a NATS server does`,
      );
    }
    const info = readInfo(json);
    if (info === undefined) {
      throw new Deno.errors.InvalidData(
        `${name} does not introduce itself as a NATS server does`,
      );
    }
    const isOffered = info.tls_required === true || info.tls_available === true;
    if (sslparams !== undefined && !isOffered) {
      throw new HandshakeError(`${name} has no TLS, and sslparams asks for it`);
    }
    if (info.tls_required === true || sslparams !== undefined) {
      await socket.dohandshake(sslparams ?? {}, { timeout });
      this.#isSecure = true;
    }
    if (this.#isClosed) throw new ClosedError(`${name} was closed`);
    this.#chunks.push(new TextEncoder().encode(line + "\r\n"));
    link.opened(this);
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const bytes = await this.#socket!.receivepartial(READ);
        if (bytes === null) return this.#finish();
        this.#chunks.push(bytes);
        this.#arrived.resolve();
        // The server waits for a client that is slow.
        if (this.#chunks.length >= MOST_CHUNKS) await this.#taken.promise;
      }
    } catch (error) {
      this.#finish(error as Error);
    }
  }

  /** What has come, until the end. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    try {
      while (!this.#isClosed || this.#chunks.length > 0) {
        const bytes = this.#chunks.shift();
        if (bytes !== undefined) {
          this.#taken.resolve();
          this.#taken = Promise.withResolvers();
          yield bytes;
          continue;
        }
        await this.#arrived.promise;
        this.#arrived = Promise.withResolvers();
      }
    } finally {
      // The client stops reading at what is no NATS, and would wait for its
      // heartbeat to make another connection.
      this.#finish();
    }
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return;
    this.pending += frame.length;
    // As the thread of the connection, whichever thread the client was called in.
    this.#inThread!(() => this.#socket!.send(frame)).then(
      () => this.pending -= frame.length,
      (error) => this.#finish(error),
    );
  }

  /** Ends the connection for good. What was sent goes out before, if it can at once. */
  close(error?: Error): Promise<void> {
    this.#finish(error);
    return this.#closing;
  }

  /** Ends the connection; the client makes another one. */
  disconnect(): void {
    this.#finish();
  }

  /** The client has given the transport up. */
  discard(): void {
    this.#finish();
  }

  closed(): Promise<Error | void> {
    return this.#end.promise;
  }

  #finish(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.closeError = error;
    const socket = this.#socket;
    if (socket !== undefined && !socket.closed) {
      // Not aborted at once: the reset would take with it what was sent last.
      this.#closing = this.#inThread!(() => socket.flush({ timeout: 0.1 }))
        .then(() => this.#inThread!(() => socket.close()))
        .catch(() => socket.abort());
    }
    this.#arrived.resolve();
    this.#taken.resolve();
    this.#link?.lost();
    this.#end.resolve(error);
  }
}

/** What a server says of itself, if it is that. */
function readInfo(json: string): Record<string, unknown> | undefined {
  try {
    const info = JSON.parse(json);
    return typeof info === "object" && info !== null ? info : undefined;
  } catch {
    return undefined;
  }
}
