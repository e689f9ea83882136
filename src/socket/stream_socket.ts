/**
 * The stream socket: what a handler reads from and writes to.
 *
 * @module
 */

import { checkString } from "../arguments.ts";
import { waitForCall } from "../core/call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../core/wait.ts";
import { ClosedError } from "../errors.ts";
import {
  type Endpoint,
  endpoint,
  formatAddr,
  formatAddress,
} from "../net/address.ts";
import { checkHostPort, type Network } from "../net/network.ts";
import { Connection, type SocketOption } from "./connection.ts";
import type { Limits, Pattern } from "./receiver.ts";
import {
  changedTimeouts,
  NO_TIMEOUTS,
  sameTimeouts,
  type Timeouts,
} from "./timeouts.ts";
import { readableOf, writableOf } from "./web_streams.ts";

/** What a socket is made with. */
export interface StreamSocketOptions extends Limits {
  /** Its name. An object is asked with `toString()` when somebody wants to know. */
  name?: string | { toString(): string };
  /** Its timeouts. */
  timeouts?: Timeouts;
}

/**
 * A connection that carries bytes in order: TCP, TLS or Unix.
 *
 * Every method that waits suspends only the thread that calls it. The names
 * and patterns are LuaSocket's.
 *
 * You get one from `copas.wrap(conn)`, from `copas.handler(fn)`, or from
 * `copas.socket.tcp()` and `copas.socket.connect(host, port)`.
 *
 * @example A line echo
 * ```ts
 * import copas, { type StreamSocket } from "jsr:@copas/copas";
 *
 * const echo = copas.handler(async (skt: StreamSocket) => {
 *   for await (const line of skt) await skt.send(line + "\n");
 * });
 * copas.addserver(copas.socket.bind("127.0.0.1", 8080), echo);
 * await copas.loop();
 * ```
 */
export class StreamSocket implements AsyncDisposable, Disposable {
  /** The socket's three timeouts. Set them with `settimeout` and `settimeouts`. */
  timeouts: Timeouts;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #limits: Limits;
  readonly #created: number;
  #name?: string | { toString(): string };
  #connection?: Connection;
  #connecting?: AbortController;
  #closing?: Promise<void>;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<string | Uint8Array>;

  /** For Copas itself: use `copas.wrap` or `copas.socket.tcp`. */
  constructor(
    scheduler: Scheduler,
    network: Network,
    conn?: Deno.Conn,
    options: StreamSocketOptions = {},
    name: string | { toString(): string } | undefined = options.name,
  ) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#limits = options;
    this.#name = name;
    this.timeouts = options.timeouts ?? NO_TIMEOUTS;
    this.#created = scheduler.clock.now();
    if (conn !== undefined) this.#attach(conn);
  }

  #attach(conn: Deno.Conn): void {
    this.#connection = new Connection(
      this.#scheduler,
      conn,
      this,
      this.#limits,
    );
  }

  /** The socket's name, for errors, `status()` and the log. */
  get name(): string {
    if (this.#name === undefined) {
      const { conn } = this.#connection ?? {};
      return conn === undefined
        ? "tcp{master}"
        : `tcp{client}: ${formatAddr(conn.remoteAddr)}`;
    }
    return this.#name = String(this.#name);
  }
  set name(name: string) {
    checkString("a socket's name", "it", name);
    this.#name = name;
  }

  /** Whether this side has closed the socket. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Whether closing has nothing to wait for.
   *
   * @internal
   */
  get isDrained(): boolean {
    return this.#connection?.sender.isDrained ?? true;
  }

  #connected(call: string): Connection {
    if (this.#connection === undefined) {
      const why = this.closed
        ? "the socket is closed"
        : "the socket is not connected";
      throw new ClosedError(`${call}: ${why}: ${this.name}`);
    }
    return this.#connection;
  }

  // --- Receiving and sending --------------------------------------------------

  /**
   * Receives exactly `count` bytes.
   *
   * @param count how many; 0 waits until there is something to read
   * @param options `timeout` in seconds for this call, in place of the socket's; `signal` to give up
   * @returns the bytes, or `null` at the end of the stream
   * @throws {ClosedError} when the peer closed before all had come; `partial` holds what came
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   */
  receive(
    count: number,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Receives all up to the end of the stream, as text.
   *
   * @returns the text; `""` when there is nothing more
   * @throws {TooLongError} when it is longer than `maxbody` (64 MiB unless set otherwise)
   */
  receive(pattern: "*a", options?: WaitOptions): Promise<string>;
  /**
   * Receives a line. The LF at its end is dropped, and so is every CR in it, as
   * LuaSocket does.
   *
   * @param options `timeout` in seconds for the whole call, in place of the socket's; `signal` to give up
   * @returns the line, or `null` at the end of the stream
   * @throws {ClosedError} when the peer closed in the middle of a line; `partial` holds its bytes
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {TooLongError} when the line is longer than `maxline` (1 MiB unless set otherwise)
   */
  receive(pattern?: "*l", options?: WaitOptions): Promise<string | null>;
  /** Receives what `pattern` asks for, when the pattern is known only at run time. */
  receive(
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null>;
  receive(
    pattern: Pattern = "*l",
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const receiver = this.#connection?.receiver;
    if (receiver === undefined) return this.#rejected("receive()");
    return receiver.receive(pattern, false, options);
  }

  /**
   * Receives what there is: at least one byte, at most `count`.
   *
   * @returns the bytes, or `null` at the end of the stream
   */
  receivepartial(
    count: number,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Receives what there is, at least one character; at most a line (`"*l"`, the
   * default), or all there is (`"*a"`). A character is never cut.
   *
   * @returns the text, or `null` at the end of the stream
   */
  receivepartial(
    pattern?: "*l" | "*a",
    options?: WaitOptions,
  ): Promise<string | null>;
  /** Receives what there is of `pattern`, when the pattern is known only at run time. */
  receivepartial(
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null>;
  receivepartial(
    pattern: Pattern = "*l",
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const receiver = this.#connection?.receiver;
    if (receiver === undefined) return this.#rejected("receivepartial()");
    return receiver.receive(pattern, true, options);
  }

  /**
   * Sends `data`: text as UTF-8, or bytes.
   *
   * The bytes are copied into the write buffer; what the threads send in one
   * turn goes out in one write. While the buffer is full because the peer does
   * not read, `send` waits.
   *
   * @param options `timeout` in seconds for this call, in place of the socket's; `signal` to give up
   * @returns the number of bytes, all of them, once the buffer has taken them
   * @throws {ClosedError} when the socket is closed, here or there
   * @throws {TimeoutError} when the time was up; `sent` tells how many bytes were taken
   */
  send(data: string | Uint8Array, options?: WaitOptions): Promise<number> {
    const sender = this.#connection?.sender;
    if (sender === undefined) return this.#rejected("send()");
    return sender.send(data, options);
  }

  /**
   * Waits until all that was sent is with the kernel.
   *
   * @throws {ClosedError} when it can't get there any more
   */
  async flush(options?: WaitOptions): Promise<void> {
    await this.#connected("flush()").sender.flush(false, options);
  }

  #rejected(call: string): Promise<never> {
    try {
      this.#connected(call);
    } catch (error) {
      return Promise.reject(error);
    }
    throw new Error("unreachable");
  }

  // --- Opening and closing --------------------------------------------------------

  /**
   * Connects to `host` and `port`.
   *
   * @returns the socket itself, connected
   * @throws {TimeoutError} when the connect timeout passed
   * @throws {Deno.errors.ConnectionRefused} and Deno's other network errors
   */
  async connect(
    host: string,
    port: number,
    options?: WaitOptions,
  ): Promise<this> {
    checkHostPort("connect()", host, port);
    const address = formatAddress(host, port);
    const failed = `Cannot connect to ${address}`;
    if (this.closed) throw new ClosedError(`${failed}: the socket is closed`);
    if (this.#connection !== undefined || this.#connecting !== undefined) {
      throw new TypeError(
        `${failed}: the socket is connected already: ${this.name}`,
      );
    }
    const abort = this.#connecting = new AbortController();
    this.#name ??= `tcp{client}: ${address}`;
    try {
      const conn = await waitForCall(
        this.#scheduler,
        () => this.#network.connect(host, port, abort.signal),
        {
          timeout: this.timeouts.connect,
          ...options,
          failed,
          socket: this,
          onabandon: () => abort.abort(),
          ondiscard: (late) => late.close(),
        },
      );
      if (this.closed) {
        conn.close();
        throw new ClosedError(`${failed}: the socket was closed`);
      }
      this.#attach(conn);
      return this;
    } finally {
      this.#connecting = undefined;
    }
  }

  /**
   * Closes the socket. What was sent is written first; whoever waits on the
   * socket gets a `ClosedError`. Closing twice is the same as closing once.
   *
   * It need not be awaited. The promise tells when the socket is closed.
   *
   * @throws {ClosedError} when bytes that were sent could not be written
   * @throws {TimeoutError} when the peer did not read them within the send timeout
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#closing = promise;
    // Nobody has to await a close.
    promise.catch(() => {});
    this.#connecting?.abort(
      new ClosedError(`${this.name}: the socket was closed`),
    );
    (this.#connection?.close() ?? Promise.resolve()).then(resolve, reject);
    return promise;
  }

  /**
   * Closes one direction, or both.
   *
   * After `"send"` the peer finds the end of the stream, and receiving goes on.
   * After `"receive"` nothing more is received; sending goes on. `"both"` is
   * the default, as in LuaSocket; the socket still has to be closed.
   */
  async shutdown(
    direction: "send" | "receive" | "both" = "both",
  ): Promise<void> {
    await this.#connected("shutdown()").shutdown(direction);
  }

  /** Closes the socket at the end of an `await using` block. Errors are for those who call `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  // --- Timeouts and options ----------------------------------------------------------

  /**
   * Sets the time that a connect, send or receive may take, in seconds. Nothing
   * or a negative number: no limit, as in the beginning. 0: a call takes what is
   * there, and does not wait.
   */
  settimeout(seconds?: number): void {
    this.timeouts = sameTimeouts(seconds);
  }

  /** Sets the three timeouts apart, in seconds. `undefined` leaves one as it is; a negative number: no limit. */
  settimeouts(connect?: number, send?: number, receive?: number): void {
    this.timeouts = changedTimeouts(this.timeouts, connect, send, receive);
  }

  /**
   * Sets an option of the socket.
   *
   * @param name `"tcp-nodelay"` (on from the start) or `"keepalive"`
   */
  setoption(name: SocketOption, value: boolean): void {
    this.#connected("setoption()").setOption(name, value, this);
  }

  // --- About the socket -----------------------------------------------------------------

  /** The other side's `[ip, port, family]`; for a Unix socket its path, 0 and `"unix"`. */
  getpeername(): Endpoint {
    return endpoint(this.#connected("getpeername()").conn.remoteAddr);
  }

  /** This side's `[ip, port, family]`; for a Unix socket its path, 0 and `"unix"`. */
  getsockname(): Endpoint {
    return endpoint(this.#connected("getsockname()").conn.localAddr);
  }

  /** `[received, sent, age]`: bytes from the peer, bytes to the peer, seconds since the socket was made. */
  getstats(): [received: number, sent: number, age: number] {
    const { receiver, sender } = this.#connection ?? {};
    const age = this.#scheduler.clock.now() - this.#created;
    return [receiver?.source.received ?? 0, sender?.sink.written ?? 0, age];
  }

  /** The lines of the socket, until the end of the stream. Leaving the loop does not close the socket. */
  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    const iterator: AsyncIterableIterator<string> = {
      next: async () => {
        const value = await this.receive("*l");
        return value === null
          ? { done: true, value: undefined }
          : { done: false, value };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** The socket as a stream of bytes, for `pipeTo` and its kind. Cancelling it closes the socket. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf(this);
  }

  /** The socket as a stream to write to. Closing it shuts the socket down for sending. */
  get writable(): WritableStream<string | Uint8Array> {
    return this.#writable ??= writableOf(this);
  }

  /** The socket's name. */
  toString(): string {
    return this.name;
  }
}
