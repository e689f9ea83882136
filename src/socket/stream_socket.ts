/**
 * The stream socket: what a handler reads from and writes to.
 *
 * @module
 */

import { pacedCall } from "../core/immediate_call.ts";
import { ABANDON } from "../core/abandonable.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { checkWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import { type Endpoint, endpoint } from "../net/address.ts";
import type { Network } from "../net/network.ts";
import { frameOf, FrameRequest } from "./frame.ts";
import { ENDPOINT } from "./internals.ts";
import type { Limits } from "./limits.ts";
import { linesOf } from "./lines.ts";
import type { Pattern, ReceiveRequest, Size } from "./pattern.ts";
import { PeekRequest } from "./peek.ts";
import { connectEndpoint, type ConnectOptions } from "./proxy_address.ts";
import type {
  PeekOptions,
  ReceiveFrameOptions,
  ReceiveOptions,
  SendFrameOptions,
  UntilOptions,
} from "./receive_options.ts";
import type { Name, StreamEndpointOptions } from "./socket_options.ts";
import { StreamEndpoint } from "./stream_endpoint.ts";
import { setOption, type SocketOption } from "./tcp_options.ts";
import {
  changedTimeouts,
  NO_TIMEOUTS,
  sameTimeouts,
  type Timeouts,
} from "./timeouts.ts";
import { UntilRequest } from "./until.ts";
import { watchTime } from "./watch_limits.ts";
import { readableOf, writableOf } from "./web_streams.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { PeerCertificate } from "../tls/session.ts";

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
   * Closes the socket when no byte has come or gone for so long, at the latest
   * an eighth of the time later. A call that waits on it gets a `ClosedError`.
   *
   * @param seconds more than 0; nothing, `Infinity` or a negative number is no limit
   * @throws {TypeError} when `seconds` is not a number
   * @throws {RangeError} when `seconds` is 0 or `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = await copas.socket.connect("127.0.0.1", 8080);
   * skt.idletimeout(60);
   * ```
   */
  idletimeout(seconds: number = Infinity): void {
    const idletimeout = watchTime("idletimeout()", seconds);
    this.#endpoint.limit({ idletimeout });
  }

  /**
   * Closes the socket when it is so old, whatever it does then.
   *
   * @param seconds since the socket was made, more than 0; nothing, `Infinity`
   * or a negative number is no limit
   * @throws {TypeError} when `seconds` is not a number
   * @throws {RangeError} when `seconds` is 0 or `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = await copas.socket.connect("127.0.0.1", 8080);
   * skt.lifetime(3600);
   * ```
   */
  lifetime(seconds: number = Infinity): void {
    this.#endpoint.limit({ lifetime: watchTime("lifetime()", seconds) });
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
   * @param options `timeout` in seconds for all of it, in place of the socket's connect timeout; `signal` to give up; `proxyProtocol`, the client's connection on whose behalf this one is made: the server is told the client's address
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
    options?: ConnectOptions,
  ): Promise<this> {
    await this.#endpoint.checked(
      connectEndpoint(this.#endpoint, host, port, options),
    );
    return this;
  }

  /**
   * Does the TLS handshake: on a connection that spoke plain text so far
   * (STARTTLS), or on one from `Deno.listenTls` or `Deno.connectTls`. When it is
   * done already, nothing happens.
   *
   * What was sent before is written first, in plain text. Nothing may have been
   * received ahead but the beginning of the handshake itself (`peek`): a command that an attacker slipped in before the handshake
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
   * @param options `timeout` in seconds for this call, in place of the socket's receive timeout; `signal` to give up; `max`, in place of `maxbody`, the largest number that `size` may be
   * @returns the bytes, in an array of their own or in the buffer; or `null` at the end of the stream
   * @throws {TooLongError} when the number is larger than `maxbody` (64 MiB unless set otherwise): a number that the peer has chosen must not fill the memory. A buffer has no limit
   * @throws {ClosedError} when the peer closed before all had come; `partial` holds what came. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when the size is negative or no integer
   */
  receive(
    size: Size,
    options?: ReceiveOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Receives all up to the end of the stream, as text. What is no UTF-8 becomes
   * U+FFFD; to be told of it, receive bytes.
   *
   * @param pattern `"*a"`
   * @param options `timeout` in seconds for the whole call, in place of the socket's receive timeout; `signal` to give up; `max` bytes, in place of the socket's limit
   * @returns the text; `""` when there is nothing more
   * @throws {ClosedError} when the connection broke; `partial` holds what came. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {TooLongError} when it is longer than `maxbody` (64 MiB unless set otherwise)
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   */
  receive(pattern: "*a", options?: ReceiveOptions): Promise<string>;
  /**
   * Receives a line. The LF at its end is dropped, and so is every CR in it, as
   * LuaSocket does. What is no UTF-8 becomes U+FFFD.
   *
   * So a bare LF ends a line, and a bare CR is nothing, which a peer behind
   * another program can use to smuggle a command past it, in protocols whose
   * lines end with CRLF (SMTP, HTTP). There, `receiveuntil("\r\n")` is right;
   * it also tells, with `fatal`, of text that is no UTF-8.
   *
   * A short line may share memory with those that came with it:
   * as long as it is kept, it keeps up to 256 bytes of them.
   *
   * Don't give it to `Promise.race`: a receive that is not first goes on, and
   * eats the next line. `copas.race` withdraws it.
   *
   * @param pattern `"*l"`, the default
   * @param options `timeout` in seconds for the whole call, in place of the socket's receive timeout; `signal` to give up; `max` bytes, in place of the socket's limit
   * @returns the line, or `null` at the end of the stream
   * @throws {ClosedError} when the peer closed in the middle of a line; `partial` holds its bytes. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {TooLongError} when the line is longer than `maxline` (1 MiB unless set otherwise)
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   */
  receive(pattern?: "*l", options?: ReceiveOptions): Promise<string | null>;
  /**
   * Receives what `pattern` asks for, when the pattern is known only at run time.
   *
   * @param pattern `"*l"` for a line (the default), `"*a"` for all up to the end of the stream, a size or a buffer for that many bytes
   * @param options `timeout` in seconds for the whole call, in place of the socket's receive timeout; `signal` to give up; `max` bytes, in place of the socket's limit
   * @returns text for a pattern, bytes for a size; `null` at the end of the stream
   * @throws {ClosedError} when the stream ended too early; `partial` holds what came. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {TooLongError} when a line is longer than `maxline`, or a body than `maxbody`
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when the pattern is none
   */
  receive(
    pattern?: Pattern,
    options?: ReceiveOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null>;
  receive(
    pattern: Pattern = "*l",
    options?: ReceiveOptions,
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
   * A line that comes in several parts is given in parts. Its end alone is not
   * given: an empty text is an empty line. Whether a text ended its line is not
   * told; where that matters, take `"*a"`, which has the line ends in it.
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
   * Receives what comes before a delimiter. The delimiter is taken, and not given.
   *
   * In contrast to a line (`"*l"`), only the exact delimiter counts, and nothing
   * is dropped: with `"\r\n"` a bare CR or LF is part of the text.
   *
   * @param delimiter bytes, or a text, which is found as its UTF-8
   * @param options `max`, the most bytes before the delimiter (default: the
   * socket's `maxline`, 1 MiB); `fatal`, whether a text that is no UTF-8 is an
   * error (default: no, what is none becomes U+FFFD); `timeout` in seconds for
   * the whole call, in place of the socket's receive timeout; `signal` to give up
   * @returns bytes for a `Uint8Array`, text for a string; `null` at the end of the stream
   * @throws {ClosedError} when the peer closed before a delimiter; `partial` holds what came. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   * @throws {TooLongError} when more than `max` bytes come before the delimiter; they can still be received
   * @throws {EncodingError} with `fatal`, when the text is no UTF-8; `partial` holds its bytes, which are taken
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when the delimiter is empty, or `max` is out of range
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.handler(async (skt) => {
   *   const command = await skt.receiveuntil("\r\n", { max: 512, fatal: true });
   *   const record = await skt.receiveuntil(new Uint8Array([0]));
   *   console.log(command, record?.length);
   * });
   * ```
   */
  receiveuntil(
    delimiter: Uint8Array,
    options?: UntilOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Receives the text before a delimiter: see the other form.
   *
   * @param delimiter a text, which is found as its UTF-8
   * @param options `max`, `fatal`, `timeout` in seconds, `signal`
   * @returns the text; `null` at the end of the stream
   * @throws {EncodingError} with `fatal`, when the text is no UTF-8; `partial` holds its bytes, which are taken. The other errors are those of the other form
   */
  receiveuntil(
    delimiter: string,
    options?: UntilOptions,
  ): Promise<string | null>;
  receiveuntil(
    delimiter: string | Uint8Array,
    options?: UntilOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const call = "receiveuntil()";
    return this.#ask(
      call,
      ({ maxline }) =>
        new UntilRequest(call, delimiter, options ?? {}, maxline),
      options,
    );
  }

  /**
   * Receives a frame: a length, then so many bytes.
   *
   * @param options `bytes`, how many the length takes: 1, 2, 4 (the default) or 8;
   * `littleEndian`, whether its lowest byte comes first (default: no); `max`, the
   * longest frame in bytes (default: the socket's `maxbody`, 64 MiB); `timeout` in
   * seconds for the whole call, in place of the socket's receive timeout; `signal`
   * to give up
   * @returns the bytes of the frame, without its length; `null` at the end of the stream
   * @throws {ClosedError} when the peer closed within a frame; `partial` holds what came, the length included. Or the socket is closed, or not connected
   * @throws {TimeoutError} when the time was up; nothing is lost, the next call goes on
   * @throws {TooLongError} when the frame is longer than `max`; nothing is taken
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an option is of the wrong type
   * @throws {RangeError} when `bytes` is none of the four, or `max` is out of range
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.handler(async (skt) => {
   *   for (let frame; (frame = await skt.receiveframe({ max: 65536 }));) {
   *     await skt.sendframe(frame);
   *   }
   * });
   * ```
   */
  receiveframe(
    options?: ReceiveFrameOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const call = "receiveframe()";
    return this.#ask(
      call,
      ({ maxbody }) => new FrameRequest(call, options ?? {}, maxbody),
      options,
    );
  }

  /**
   * Tells what comes next, without taking it: so one port can speak several
   * protocols. A TLS handshake of a server may follow on a plain connection:
   * what was peeked at goes into it.
   *
   * @param n the most bytes to give, 1 or more
   * @param options `min`, for how many to wait (default: 1; the end of the stream
   * ends the wait, too); `timeout` in seconds, in place of the socket's receive
   * timeout; `signal` to give up
   * @returns a copy of the next bytes, at most `n`; `null` at the end of the stream
   * @throws {ClosedError} when the connection broke, or the socket is closed or not connected
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when `n` is less than 1, or `min` not from 1 to `n`
   *
   * @example TLS and plain text on one port
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const sslparams = {
   *   key: await Deno.readTextFile("server.key"),
   *   cert: await Deno.readTextFile("server.crt"),
   * };
   * copas.handler(async (skt) => {
   *   const first = await skt.peek(1, { timeout: 10 });
   *   if (first?.[0] === 0x16) await skt.dohandshake(sslparams);
   *   await skt.send("hello\n");
   * });
   * ```
   */
  peek(
    n: number,
    options?: PeekOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const call = "peek()";
    return this.#ask(
      call,
      () => new PeekRequest(call, n, options ?? {}),
      options,
    );
  }

  #ask<T extends string | Uint8Array<ArrayBuffer>>(
    call: string,
    make: (limits: Required<Limits>) => ReceiveRequest<T>,
    options?: ReceiveOptions,
  ): Promise<T | null> {
    const { connection } = this.#endpoint;
    return connection === undefined
      ? this.#endpoint.refuse(call)
      : connection.receiver.ask(call, make, options);
  }

  /**
   * Sends `data`: text as UTF-8, or bytes.
   *
   * The bytes are copied into the write buffer; what the threads send in one
   * turn of the event loop goes out in one write. While the buffer is full
   * because the peer does not read, `send` waits.
   *
   * After a timeout send the rest, `data.subarray(error.sent)` of the bytes. A
   * stream in which the rest is missing does not end like a complete one: `close`,
   * `shutdown` and the end of a handler abort the connection.
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
   * Sends a frame: the length of `data`, then `data`.
   *
   * @param data what to send: text as UTF-8, or bytes
   * @param options `bytes`, how many the length takes: 1, 2, 4 (the default) or 8;
   * `littleEndian`, whether its lowest byte comes first (default: no); `timeout`
   * in seconds, in place of the socket's send timeout; `signal` to give up
   * @returns the number of bytes, those of the length included, once the buffer has taken them
   * @throws {ClosedError} when the socket is closed, here or there, or not connected; `sent` tells how many bytes were taken
   * @throws {TimeoutError} when the time was up. Where `sent` is not 0, the frame was cut, and the connection is of no more use
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when `bytes` is none of the four, or `data` is too long for it
   */
  sendframe(
    data: string | Uint8Array,
    options?: SendFrameOptions,
  ): Promise<number> {
    try {
      const call = "sendframe()";
      checkWaitOptions(call, options, ["bytes", "littleEndian"]);
      const frame = frameOf(call, data, options ?? {});
      if (options === undefined) return this.send(frame);
      const { timeout, signal } = options;
      return this.send(frame, { timeout, signal });
    } catch (error) {
      return this.#endpoint.checked(Promise.reject(error));
    }
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
   * The lines of the socket, until the end of the stream, with limits for each. To
   * leave the loop does not close the socket.
   *
   * @param options for each line: `timeout` in seconds, in place of the socket's
   * receive timeout; `max` bytes, in place of `maxline`; `signal` to give up
   * @returns an iterator whose `next` is `receive("*l", options)`
   * @throws {TimeoutError} from `next`, when the time for a line was up; nothing is lost
   * @throws {TooLongError} from `next`, when a line is longer than `max`
   * @throws {ClosedError} from `next`, when the peer closed in the middle of a line, or the socket is closed or not connected
   * @throws {CancelledError} from `next`, when the signal aborted, or the thread was removed
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.handler(async (skt) => {
   *   for await (const line of skt.lines({ timeout: 30, max: 512 })) {
   *     await skt.send(`${line}\n`);
   *   }
   * });
   * ```
   */
  lines(options?: ReceiveOptions): AsyncIterableIterator<string> {
    return linesOf(this, options);
  }

  /**
   * The lines of the socket, until the end of the stream. Leaving the loop
   * does not close the socket.
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

  /**
   * The socket as a stream to write to. Closing it shuts the socket down for
   * sending. Aborting it, as `pipeTo` does when its source fails, aborts the
   * connection, so that the part that was sent does not look like the whole; the
   * error handler gets a `ClosedError` whose `cause` is the reason.
   */
  get writable(): WritableStream<string | Uint8Array> {
    return this.#writable ??= writableOf(
      this,
      (reason) => this.#endpoint.streamBroke(reason),
    );
  }

  // --- Closing -----------------------------------------------------------------------

  /**
   * Closes the socket. What was given to `send` is written first, awaited or not,
   * also by a `send` that still waits; a thread that waits for bytes gets a
   * `ClosedError`. Closing twice is the same as closing once.
   *
   * It need not be awaited. The promise tells when the socket is closed. When it
   * fails and is not handled, the error goes to the thread's error handler.
   *
   * Writing has a limit, so that a peer that does not read can't hold the
   * connection: the `linger` option, in seconds (default: the send timeout, or 30
   * where there is none). Then the connection is aborted.
   *
   * A stream with a gap does not end like a complete one: when a send was cut, by
   * its timeout, its signal or the removal of its thread, and the rest was not
   * sent since, the connection is aborted once what was taken is written, and the
   * promise fails. When a handler ends so, its error handler is told, unless it
   * got the error of that send, or the program has removed the thread. What the
   * peer sees is what `abort` says.
   *
   * Bytes of the peer that are not received make the system reset a closed
   * connection, and the peer may lose what it has not read. When some are there,
   * a close first ends the sending, and drops what comes until the peer's end, 5
   * seconds of silence, 64 MiB, or the limit. Of a peer that begins to send later it
   * can't know: the option `lingeralways` makes every close after an answer wait
   * for the peer's end like that.
   *
   * @throws {ClosedError} when bytes that were sent could not be written; `left` tells how many. And when a send was cut; `sent` and `left` are those of that send
   * @throws {TimeoutError} when the peer did not read them within the limit; `left` tells how many
   */
  close(): Promise<void> {
    return this.#endpoint.closeCall();
  }

  /**
   * Closes the socket at once: what was not written yet is dropped, and nothing
   * is reported. Every call that waits on the socket gets a `ClosedError`.
   *
   * What the peer sees depends on the platform. Deno 2.9 can't ask for a reset:
   * the peer of a plain connection gets what the system had taken, and then the
   * end of the stream; a reset only if it has sent bytes that were not read. With
   * TLS by `node:tls` (a server on an accepted connection, a client with a
   * certificate) the goodbye of TLS is left out, so that the peer can tell that
   * the stream was cut. Deno's own TLS may say goodbye all the same.
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.handler(async (skt) => {
   *   const line = await skt.receive();
   *   if (line !== "please") return skt.abort();
   *   await skt.send("thank you\n");
   * });
   * ```
   */
  abort(): void {
    this.#endpoint.abandon();
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

  /** Closes the socket at the end of an `await using` block. Bytes that are lost go to the error handler. */
  [Symbol.asyncDispose](): Promise<void> {
    return pacedCall(this.#endpoint.scheduler, this.#endpoint.finish());
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
    return this.#endpoint.proxied?.source ?? endpoint(conn.remoteAddr);
  }

  /**
   * The address of the proxy that the connection came through, where the server
   * has the option `proxyProtocol`. `getpeername` tells the client's address
   * then.
   *
   * @returns `[ip, port, family]`; for a Unix socket its path, 0 and `"unix"`;
   * `null` when no proxy has named a client: there is none, or it has connected
   * on its own behalf, as for a health check
   * @throws {ClosedError} when the socket is not connected
   *
   * @example
   * ```ts
   * import copas, { type StreamSocket } from "jsr:@copas/copas";
   *
   * const server = copas.socket.bind("127.0.0.1", 8080);
   * copas.addserver(
   *   server,
   *   copas.handler((skt: StreamSocket) => {
   *     console.log(skt.getpeername()[0], "through", skt.getproxyname()?.[0]);
   *   }),
   *   { proxyProtocol: { from: ["127.0.0.1"] } },
   * );
   * await copas.loop();
   * ```
   */
  getproxyname(): Endpoint | null {
    this.#endpoint.connected("getproxyname()");
    return this.#endpoint.proxied?.proxy ?? null;
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
    const { counts: [received, sent], age } = this.#endpoint;
    return [received, sent, age];
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
