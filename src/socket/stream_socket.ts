/**
 * The stream socket: what a handler reads from and writes to.
 *
 * @module
 */

import type { WaitOptions } from "../errors/wait_options.ts";
import type { Pattern, Size } from "./pattern.ts";
import { TlsEndpoint } from "./tls_endpoint.ts";
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
export class StreamSocket extends TlsEndpoint {
  #readable?: ReadableStream<Uint8Array<ArrayBuffer>>;
  #writable?: WritableStream<string | Uint8Array>;

  // --- Receiving and sending --------------------------------------------------

  /**
   * Receives exactly `size` bytes.
   *
   * @param size how many, or a buffer that is to be filled; 0 waits until there is something to read
   * @param options `timeout` in seconds for this call, in place of the socket's; `signal` to give up
   * @returns the bytes, in an array of their own or in the buffer; or `null` at the end of the stream
   * @throws {ClosedError} when the peer closed before all had come; `partial` holds what came
   * @throws {TimeoutError} when the time was up; nothing is lost, the next receive goes on
   */
  receive(
    size: Size,
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
   * LuaSocket does. A short line may share memory with those that came with it:
   * as long as it is kept, it keeps up to 256 bytes of them.
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
    const receiver = this.connection?.receiver;
    if (receiver === undefined) return this.#rejected("receive()");
    return receiver.receive(pattern, false, options);
  }

  /**
   * Receives what there is: at least one byte, at most `size`.
   *
   * @param size how many, or a buffer for them
   * @returns the bytes, in an array of their own or the part of the buffer that was filled; or `null` at the end of the stream
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
    const receiver = this.connection?.receiver;
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
    const sender = this.connection?.sender;
    if (sender === undefined) return this.#rejected("send()");
    return sender.send(data, options);
  }

  /**
   * Waits until all that was sent is with the kernel.
   *
   * @throws {ClosedError} when it can't get there any more
   */
  flush(options?: WaitOptions): Promise<void> {
    const sender = this.connection?.sender;
    if (sender === undefined) return this.#rejected("flush()");
    return sender.flush(options);
  }

  #rejected(call: string): Promise<never> {
    try {
      this.connected(call);
    } catch (error) {
      return Promise.reject(error);
    }
    throw new Error("unreachable");
  }

  // --- As a sequence of lines, and as streams -------------------------------------------

  /** The lines of the socket, until the end of the stream. Leaving the loop does not close the socket. */
  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    const iterator: AsyncIterableIterator<string> = {
      next: () => this.receive("*l").then(iteratorResult),
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
}

function iteratorResult(line: string | null): IteratorResult<string> {
  return line === null
    ? { done: true, value: undefined }
    : { done: false, value: line };
}
