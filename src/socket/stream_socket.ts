/**
 * The stream socket: what a handler reads from and writes to.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { ABANDON } from "../core/abandonable.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { type Endpoint, endpoint } from "../net/address.ts";
import type { Network } from "../net/network.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { PeerCertificate } from "../tls/session.ts";
import { ENDPOINT } from "./internals.ts";
import { linesOf } from "./lines.ts";
import type { Pattern, Size } from "./pattern.ts";
import {
  type Name,
  StreamEndpoint,
  type StreamEndpointOptions,
} from "./stream_endpoint.ts";
import { setOption, type SocketOption } from "./tcp_options.ts";
import {
  changedTimeouts,
  NO_TIMEOUTS,
  sameTimeouts,
  type Timeouts,
} from "./timeouts.ts";
import { readableOf, writableOf } from "./web_streams.ts";

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
  /** The socket's three timeouts, in seconds. Set them with `settimeout` and `settimeouts`. */
  timeouts: Timeouts;
  readonly #endpoint: StreamEndpoint;
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<string | Uint8Array>;

  /**
   * Made by `copas.wrap` and `copas.socket.tcp`.
   *
   * @ignore
   */
  constructor(
    scheduler: Scheduler,
    network: Network,
    conn?: Deno.Conn,
    options: StreamEndpointOptions = {},
    name: Name | undefined = options.name,
  ) {
    this.timeouts = options.timeouts ?? NO_TIMEOUTS;
    this.#endpoint = new StreamEndpoint(
      scheduler,
      network,
      this,
      options,
      name,
    );
    if (conn !== undefined) this.#endpoint.adopt(conn);
  }

  static {
    // Deno would show the dispatcher with all its sockets.
    Object.defineProperty(this.prototype, Symbol.for("Deno.customInspect"), {
      value(this: StreamSocket): string {
        return `${this.constructor.name} { name: ${
          JSON.stringify(this.name)
        }, closed: ${this.closed} }`;
      },
    });
  }

  /**
   * What the other rooms of the library need of the socket.
   *
   * @ignore
   */
  get [ENDPOINT](): StreamEndpoint {
    return this.#endpoint;
  }

  /**
   * Closes the socket at once, for `cancelall`.
   *
   * @ignore
   */
  [ABANDON](): void {
    this.#endpoint.abandon();
  }

  /**
   * The socket's name, for errors, `status()` and the log. Default: one that
   * tells the address, `"tcp{client}: 127.0.0.1:8080"`.
   */
  get name(): string {
    return this.#endpoint.name;
  }
  set name(name: string) {
    this.#endpoint.name = name;
  }

  /** Whether this side has closed the socket. */
  get closed(): boolean {
    return this.#endpoint.isClosed;
  }

  // --- Opening -----------------------------------------------------------------------

  /**
   * Connects to `host` and `port`. For a socket with `sslparams` the TLS
   * handshake is part of it.
   *
   * @param host a name or an address
   * @param port 1 to 65535
   * @param options `timeout` in seconds for all of it, in place of the socket's connect timeout; `signal` to give up
   * @returns the socket itself, connected
   * @throws {TimeoutError} when the time was up
   * @throws {HandshakeError} when the handshake failed, or the time was up in it
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {ClosedError} when the socket is closed, or is closed meanwhile
   * @throws {ScopeError} when the address is outside the network scope of the dispatcher
   * @throws {Deno.errors.ConnectionRefused} when nothing listens there; Deno's other network errors as they are
   * @throws {TypeError} when the socket is connected already, or an argument is of the wrong type
   * @throws {RangeError} when the port is out of range
   */
  async connect(
    host: string,
    port: number,
    options?: WaitOptions,
  ): Promise<this> {
    await this.#endpoint.checked(
      this.#endpoint.connect(host, port, options),
    );
    return this;
  }

  /**
   * Does the TLS handshake: on a connection that spoke plain text so far
   * (STARTTLS), or on one from `Deno.listenTls` or `Deno.connectTls`. When it is
   * done already, nothing happens.
   *
   * What was sent before is written first, in plain text. Nothing may have been
   * received ahead: a command that an attacker slipped in before the handshake
   * must not be obeyed after it. When the handshake fails, the socket is closed.
   *
   * @param sslparams how; default: those that `copas.wrap` was given. A
   * connection that a server accepted is the server's side, every other the
   * client's, unless `mode` says otherwise. A client verifies the host that the
   * socket was connected to, unless `servername` names another one
   * @param options `timeout` in seconds, in place of the socket's connect timeout
   * (a server that has none waits 10 seconds); `signal` to give up
   * @returns the socket itself
   * @throws {HandshakeError} when it fails or takes too long; `cause` tells more
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {ClosedError} when the socket is not connected or is closed
   * @throws {TypeError} when there are no `sslparams`, or wrong ones
   */
  async dohandshake(
    sslparams?: SslParams | SslParamsSource,
    options?: WaitOptions,
  ): Promise<this> {
    await this.#endpoint.checked(this.#endpoint.handshake(sslparams, options));
    return this;
  }

  // --- Receiving and sending -----------------------------------------------------------

  /**
   * Receives exactly `size` bytes.
   *
   * @param size how many, or a buffer that is to be filled; 0 waits until there is something to read
   * @param options `timeout` in seconds for this call, in place of the socket's receive timeout; `signal` to give up
   * @returns the bytes, in an array of their own or in the buffer; or `null` at the end of the stream
   * @throws {ClosedError} when the peer closed before all had come; `partial` holds what came. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when the size is negative or no integer
   */
  receive(
    size: Size,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Receives all up to the end of the stream, as text.
   *
   * @param pattern `"*a"`
   * @param options `timeout` in seconds for the whole call, in place of the socket's receive timeout; `signal` to give up
   * @returns the text; `""` when there is nothing more
   * @throws {ClosedError} when the connection broke; `partial` holds what came. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {TooLongError} when it is longer than `maxbody` (64 MiB unless set otherwise)
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   */
  receive(pattern: "*a", options?: WaitOptions): Promise<string>;
  /**
   * Receives a line. The LF at its end is dropped, and so is every CR in it, as
   * LuaSocket does. A short line may share memory with those that came with it:
   * as long as it is kept, it keeps up to 256 bytes of them.
   *
   * Don't give it to `Promise.race`: a receive that is not first goes on, and
   * eats the next line. `copas.race` withdraws it.
   *
   * @param pattern `"*l"`, the default
   * @param options `timeout` in seconds for the whole call, in place of the socket's receive timeout; `signal` to give up
   * @returns the line, or `null` at the end of the stream
   * @throws {ClosedError} when the peer closed in the middle of a line; `partial` holds its bytes. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {TooLongError} when the line is longer than `maxline` (1 MiB unless set otherwise)
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   */
  receive(pattern?: "*l", options?: WaitOptions): Promise<string | null>;
  /**
   * Receives what `pattern` asks for, when the pattern is known only at run time.
   *
   * @param pattern `"*l"` for a line (the default), `"*a"` for all up to the end of the stream, a size or a buffer for that many bytes
   * @param options `timeout` in seconds for the whole call, in place of the socket's receive timeout; `signal` to give up
   * @returns text for a pattern, bytes for a size; `null` at the end of the stream
   * @throws {ClosedError} when the stream ended too early; `partial` holds what came. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {TooLongError} when a line is longer than `maxline`, or a body than `maxbody`
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when the pattern is none
   */
  receive(
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null>;
  receive(
    pattern: Pattern = "*l",
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const { connection } = this.#endpoint;
    return connection === undefined
      ? this.#endpoint.refuse("receive()")
      : connection.receiver.receive(pattern, false, options);
  }

  /**
   * Receives what there is: at least one byte, at most `size`.
   *
   * @param size how many, or a buffer for them
   * @param options `timeout` in seconds for this call, in place of the socket's receive timeout; `signal` to give up
   * @returns the bytes, in an array of their own or the part of the buffer that was filled; or `null` at the end of the stream
   * @throws {ClosedError} when the connection broke, or the socket is closed or not connected
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an argument is of the wrong type
   *
   * @example An echo that uses one buffer for all
   * ```ts
   * import copas, { type StreamSocket } from "jsr:@copas/copas";
   *
   * const echo = copas.handler(async (skt: StreamSocket) => {
   *   const buffer = new Uint8Array(64 * 1024);
   *   for (let data; (data = await skt.receivepartial(buffer)) !== null;) {
   *     await skt.send(data);
   *   }
   * });
   * copas.addserver(copas.socket.bind("127.0.0.1", 8080), echo);
   * await copas.loop();
   * ```
   */
  receivepartial(
    size: Size,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Receives what there is, at least one character; at most a line (`"*l"`, the
   * default), or all there is (`"*a"`). A character is never cut.
   *
   * @param pattern `"*l"` or `"*a"`
   * @param options `timeout` in seconds for this call, in place of the socket's receive timeout; `signal` to give up
   * @returns the text, or `null` at the end of the stream
   * @throws {ClosedError} when the connection broke, or the socket is closed or not connected
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   */
  receivepartial(
    pattern?: "*l" | "*a",
    options?: WaitOptions,
  ): Promise<string | null>;
  /**
   * Receives what there is of `pattern`, when the pattern is known only at run time.
   *
   * @param pattern `"*l"` (the default), `"*a"`, a size or a buffer
   * @param options `timeout` in seconds for this call, in place of the socket's receive timeout; `signal` to give up
   * @returns text for a pattern, bytes for a size; `null` at the end of the stream
   * @throws {ClosedError} when the connection broke, or the socket is closed or not connected
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when the pattern is none
   */
  receivepartial(
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null>;
  receivepartial(
    pattern: Pattern = "*l",
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const { connection } = this.#endpoint;
    return connection === undefined
      ? this.#endpoint.refuse("receivepartial()")
      : connection.receiver.receive(pattern, true, options);
  }

  /**
   * Sends `data`: text as UTF-8, or bytes.
   *
   * The bytes are copied into the write buffer; what the threads send in one
   * turn goes out in one write. While the buffer is full because the peer does
   * not read, `send` waits.
   *
   * @param data what to send
   * @param options `timeout` in seconds for this call, in place of the socket's send timeout; `signal` to give up
   * @returns the number of bytes, all of them, once the buffer has taken them
   * @throws {ClosedError} when the socket is closed, here or there, or not connected; `sent` tells how many bytes were taken
   * @throws {TimeoutError} when the time was up; `sent` tells how many bytes were taken
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an argument is of the wrong type
   */
  send(data: string | Uint8Array, options?: WaitOptions): Promise<number> {
    const { connection } = this.#endpoint;
    return connection === undefined
      ? this.#endpoint.refuse("send()")
      : connection.sender.send(data, options);
  }

  /**
   * Waits until all that was sent is with the kernel.
   *
   * @param options `timeout` in seconds for this call, in place of the socket's send timeout; `signal` to give up
   * @throws {ClosedError} when it can't get there any more, or the socket is closed or not connected
   * @throws {TimeoutError} when the peer did not read in time
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   */
  flush(options?: WaitOptions): Promise<void> {
    const { connection } = this.#endpoint;
    return connection === undefined
      ? this.#endpoint.refuse("flush()")
      : connection.sender.flush(options);
  }

  /**
   * The lines of the socket, until the end of the stream. To leave the loop does
   * not close the socket.
   *
   * @returns an iterator whose `next` is `receive("*l")`, and throws as it does
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return linesOf(this);
  }

  /** The socket as a stream of bytes, for `pipeTo` and its kind. Cancelling it closes the socket. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf(this);
  }

  /** The socket as a stream to write to. Closing it shuts the socket down for sending. */
  get writable(): WritableStream<string | Uint8Array> {
    return this.#writable ??= writableOf(this);
  }

  // --- Closing -----------------------------------------------------------------------

  /**
   * Closes the socket. What was sent is written first; a thread that waits on the
   * socket gets a `ClosedError`. Closing twice is the same as closing once.
   *
   * It need not be awaited. The promise tells when the socket is closed.
   *
   * While the peer still sends, the system resets the connection, and the peer
   * may lose what it has not read. To part in peace, `shutdown("send")` and
   * receive until the peer's end.
   *
   * @throws {ClosedError} when bytes that were sent could not be written
   * @throws {TimeoutError} when the peer did not read them within the send timeout
   */
  close(): Promise<void> {
    return this.#endpoint.closeCall();
  }

  /**
   * Closes one direction, or both.
   *
   * After `"send"` the peer finds the end of the stream, and receiving goes on.
   * After `"receive"` nothing more is received; sending goes on. `"both"` is
   * the default, as in LuaSocket; the socket still has to be closed.
   *
   * @param direction `"send"`, `"receive"` or `"both"`
   * @throws {ClosedError} when the socket is closed or not connected, or bytes that were sent could not be written
   * @throws {TimeoutError} when the peer did not read them within the send timeout
   * @throws {TypeError} when the direction is none
   */
  async shutdown(
    direction: "send" | "receive" | "both" = "both",
  ): Promise<void> {
    await this.#endpoint.checked(this.#endpoint.shutdown(direction));
  }

  /** Closes the socket at the end of an `await using` block. Its errors are told only by `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  // --- Timeouts and options ----------------------------------------------------------

  /**
   * Sets the time that a connect, send or receive may take.
   *
   * @param seconds nothing or a negative number: no limit, as in the beginning.
   * 0: a call takes what is there, and does not wait
   * @throws {TypeError} when it is no number
   * @throws {RangeError} when it is NaN
   */
  settimeout(seconds?: number): void {
    this.timeouts = sameTimeouts(seconds);
  }

  /**
   * Sets the three timeouts apart, each in seconds. `undefined` leaves one as it
   * is; a negative number: no limit.
   *
   * @param connect how long a connect, or a TLS handshake, may take
   * @param send how long a send may take
   * @param receive how long a receive may take
   * @throws {TypeError} when one is no number
   * @throws {RangeError} when one is NaN
   */
  settimeouts(connect?: number, send?: number, receive?: number): void {
    this.timeouts = changedTimeouts(this.timeouts, connect, send, receive);
  }

  /**
   * Sets an option of the socket.
   *
   * @param name `"tcp-nodelay"` (on from the start) or `"keepalive"`
   * @param value on or off
   * @throws {Deno.errors.NotSupported} when the connection has no such option; only TCP has
   * @throws {ClosedError} when the socket is closed or not connected
   * @throws {TypeError} when the name or the value is none
   */
  setoption(name: SocketOption, value: boolean): void {
    const { conn } = this.#endpoint.open("setoption()");
    setOption(conn, this.name, name, value);
  }

  // --- About the connection ------------------------------------------------------------

  /**
   * The other side's address.
   *
   * @returns `[ip, port, family]`; for a Unix socket its path, 0 and `"unix"`
   * @throws {ClosedError} when the socket is not connected
   */
  getpeername(): Endpoint {
    const { conn } = this.#endpoint.connected("getpeername()");
    return endpoint(conn.remoteAddr);
  }

  /**
   * This side's address.
   *
   * @returns `[ip, port, family]`; for a Unix socket its path, 0 and `"unix"`
   * @throws {ClosedError} when the socket is not connected
   */
  getsockname(): Endpoint {
    const { conn } = this.#endpoint.connected("getsockname()");
    return endpoint(conn.localAddr);
  }

  /**
   * Counts of the socket.
   *
   * @returns `[received, sent, age]`: the bytes that `receive` has given and that
   * `send` has taken, and the seconds since the socket was made
   */
  getstats(): [received: number, sent: number, age: number] {
    const { connection, age } = this.#endpoint;
    return [connection?.receiver.delivered ?? 0, connection?.sent ?? 0, age];
  }

  /**
   * The application protocol that both sides of a TLS connection agreed on.
   *
   * @returns its name, or `null` when there is none
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   * @throws {ClosedError} when the socket is not connected
   */
  getalpn(): string | null {
    return this.#endpoint.session("getalpn()").alpn;
  }

  /**
   * The name that the client of a TLS connection asked the server for.
   *
   * @returns the name, or `null` when the client asked for none. Of a connection
   * from `Deno.listenTls` it is `null`: Deno does not tell
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   * @throws {ClosedError} when the socket is not connected
   */
  getsniname(): string | null {
    return this.#endpoint.session("getsniname()").servername;
  }

  /**
   * The peer's certificate, which has been verified.
   *
   * @returns the certificate, or `null`: of a client that was not asked for one,
   * and wherever Deno does not tell (a connection from `Deno.listenTls`; a server
   * that was connected to without a certificate of one's own)
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   * @throws {ClosedError} when the socket is not connected
   */
  getpeercertificate(): PeerCertificate | null {
    return this.#endpoint.session("getpeercertificate()").peercertificate;
  }

  /** The socket's name. */
  toString(): string {
    return this.name;
  }
}
