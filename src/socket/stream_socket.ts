/**
 * The stream socket: what a handler reads from and writes to.
 *
 * @module
 */

import { checkString } from "../arguments.ts";
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
import { checkUpgrade, closeOpened, hostOf, Opening } from "./opening.ts";
import type { Pattern } from "./receiver.ts";
import type { StreamSocketOptions } from "./socket_options.ts";
import {
  changedTimeouts,
  NO_TIMEOUTS,
  sameTimeouts,
  type Timeouts,
} from "./timeouts.ts";
import { isTls } from "./tls.ts";
import {
  checkSslParams,
  type SslParams,
  type SslParamsSource,
  type TlsMode,
} from "./tls_params.ts";
import type { PeerCertificate, TlsSession } from "./tls_session.ts";
import { readableOf, writableOf } from "./web_streams.ts";

export type { StreamSocketOptions };

/** What the dispatcher does with a socket, and its user does not. */
export interface SocketFriend {
  /** Keeps `sslparams` for the handshake to come. */
  equip(
    socket: StreamSocket,
    call: string,
    sslparams: SslParams | SslParamsSource,
  ): void;
  /** Does the handshake; `mode` is what `sslparams` need not say. */
  secure(
    socket: StreamSocket,
    sslparams: SslParams | SslParamsSource | undefined,
    mode: TlsMode,
  ): Promise<void>;
}

/** The way to what is private in a socket, for the files of Copas itself. */
export let socketFriend: SocketFriend;

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
  readonly #options: StreamSocketOptions & { accepted?: boolean };
  readonly #created: number;
  #name?: string | { toString(): string };
  #connection?: Connection;
  #opening?: Opening;
  #sslparams?: SslParams | SslParamsSource;
  /** What the socket was connected to. */
  #host?: string;
  #closing?: Promise<void>;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<string | Uint8Array>;

  /** For Copas itself: use `copas.wrap` or `copas.socket.tcp`. */
  constructor(
    scheduler: Scheduler,
    network: Network,
    conn?: Deno.Conn,
    options: StreamSocketOptions & { accepted?: boolean } = {},
    name: string | { toString(): string } | undefined = options.name,
  ) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#options = options;
    this.#sslparams = options.sslparams;
    this.#name = name;
    this.timeouts = options.timeouts ?? NO_TIMEOUTS;
    this.#created = scheduler.clock.now();
    if (conn !== undefined) this.#attach(conn);
  }

  #attach(opened: Deno.Conn | TlsSession, before?: Connection): void {
    const session = "stream" in opened ? opened : undefined;
    const conn = session?.conn ?? opened as Deno.Conn;
    const connection = new Connection(
      this.#scheduler,
      conn,
      this,
      this.#options,
      session,
    );
    if (before !== undefined) connection.goOnCounting(before);
    this.#connection = connection;
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
   * Connects to `host` and `port`. For a socket with `sslparams` the TLS
   * handshake is part of it.
   *
   * @returns the socket itself, connected
   * @throws {TimeoutError} when the connect timeout passed
   * @throws {HandshakeError} when the handshake failed, or the connect timeout passed in it
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
    if (this.#connection !== undefined || this.#opening !== undefined) {
      throw new TypeError(
        `${failed}: the socket is connected already: ${this.name}`,
      );
    }
    const opening = new Opening(this.#scheduler, this, options);
    this.#opening = opening;
    this.#name ??= `tcp{client}: ${address}`;
    try {
      const opened = await opening.connect(
        this.#network,
        host,
        port,
        this.#sslparams,
      );
      if (this.closed) {
        closeOpened(opened);
        throw new ClosedError(`${failed}: the socket was closed`);
      }
      this.#host = host;
      this.#attach(opened);
      return this;
    } finally {
      this.#opening = undefined;
    }
  }

  /**
   * Does the TLS handshake: on a connection that spoke plain text so far
   * (STARTTLS), or on one from `Deno.listenTls` or `Deno.connectTls`. When it is
   * done already, nothing happens.
   *
   * What was sent before is written first, in plain text. Nothing may have been
   * received ahead: a command that somebody slipped in before the handshake must
   * not be obeyed after it. When the handshake fails, the socket is closed.
   *
   * @param sslparams how; default: those that `copas.wrap` was given. A
   * connection that a server accepted is the server's side, every other the
   * client's, unless `mode` says otherwise. A client verifies the host that the
   * socket was connected to, unless `servername` names another one
   * @param options `timeout` in seconds, in place of the socket's connect timeout
   * (a server that has none waits 10 seconds); `signal` to give up
   * @returns the socket itself
   * @throws {HandshakeError} when it fails or takes too long; `cause` tells more
   * @throws {TypeError} when there are no `sslparams`, or wrong ones
   */
  async dohandshake(
    sslparams?: SslParams | SslParamsSource,
    options?: WaitOptions,
  ): Promise<this> {
    const mode = this.#options.accepted ? "server" : "client";
    await this.#secure(sslparams, mode, options);
    return this;
  }

  async #secure(
    given: SslParams | SslParamsSource | undefined,
    mode: TlsMode,
    options?: WaitOptions,
  ): Promise<void> {
    const call = "dohandshake()";
    if (given !== undefined) checkSslParams(call, given);
    const connection = this.#connected(call);
    if (connection.session !== undefined) return this.#equip(call, given);
    if (this.closed) {
      throw new ClosedError(`${call}: the socket is closed: ${this.name}`);
    }
    if (this.#opening !== undefined) {
      throw new TypeError(`${call}: one is under way already: ${this.name}`);
    }
    const sslparams = given ?? this.#sslparams;
    checkUpgrade(call, this.name, connection.conn, sslparams, mode);
    const opening = this.#opening = new Opening(
      this.#scheduler,
      this,
      options,
    );
    try {
      const host = this.#host ?? hostOf(connection.conn);
      const session = await opening.handshake(
        connection,
        sslparams,
        mode,
        host,
      );
      this.#sslparams = sslparams;
      if (session.conn === connection.conn && isTls(connection.conn)) {
        connection.session = session;
      } else this.#attach(session, connection);
    } catch (error) {
      this.#name ??= this.name;
      this.#connection = undefined;
      connection.abandon("its TLS handshake failed");
      this.close();
      throw error;
    } finally {
      this.#opening = undefined;
    }
  }

  /** Keeps `sslparams` for the handshake to come. */
  #equip(call: string, sslparams?: SslParams | SslParamsSource): void {
    if (sslparams === undefined || sslparams === this.#sslparams) return;
    if (this.#connection?.session !== undefined) {
      throw new TypeError(
        `${call}: ${this.name} has TLS already, with other sslparams`,
      );
    }
    this.#sslparams = sslparams;
  }

  static {
    socketFriend = {
      equip: (socket, call, sslparams) => socket.#equip(call, sslparams),
      secure: (socket, sslparams, mode) => socket.#secure(sslparams, mode),
    };
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
    this.#opening?.close();
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

  /**
   * The application protocol that both sides of a TLS connection agreed on, or
   * `null` when there is none.
   *
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   */
  getalpn(): string | null {
    return this.#session("getalpn()").alpn;
  }

  /**
   * The name that the client of a TLS connection asked the server for, or `null`
   * when it asked for none. Of a connection from `Deno.listenTls` it is `null`:
   * Deno does not tell.
   *
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   */
  getsniname(): string | null {
    return this.#session("getsniname()").servername;
  }

  /**
   * The peer's certificate, which has been verified, or `null`: of a client that
   * was not asked for one, and wherever Deno does not tell (a connection from
   * `Deno.listenTls`; a server that was connected to without a certificate of
   * one's own).
   *
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   */
  getpeercertificate(): PeerCertificate | null {
    return this.#session("getpeercertificate()").peercertificate;
  }

  #session(call: string): TlsSession {
    const { session } = this.#connected(call);
    if (session !== undefined) return session;
    throw new Deno.errors.NotSupported(
      `${call}: ${this.name} has no TLS, or its handshake is not done yet`,
    );
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
