/**
 * What a pattern takes out of the bytes that have come: a line, a body, so many
 * bytes, or with a partial receive what there is of them.
 *
 * @module
 */

import { endOf } from "../errors/connection_end.ts";
import { ClosedError } from "../errors/errors.ts";
import type { ReadSource } from "../readiness/read_source.ts";
import { DEFAULT_LIMITS, type Limits, tooLong } from "./limits.ts";
import { LineSplitter, withoutCarriageReturns } from "./line_splitter.ts";
import {
  copied,
  countOf,
  INCOMPLETE,
  type Received,
  ReceiveRequest,
  type Size,
  type Wanted,
} from "./pattern.ts";
import { cannotReceive, type SocketIdentity } from "./socket_identity.ts";
import { socketFailure } from "./socket_failure.ts";
import { completeTextEnd, decodeUtf8 } from "./utf8.ts";

/** Reads patterns from the buffer of one stream. It never waits. */
export class PatternReader {
  readonly #source: ReadSource;
  readonly #socket: SocketIdentity;
  readonly #limits: Limits;
  /** Made at the first line: many connections carry none. */
  #lines?: LineSplitter = undefined;
  /** Where in the stream the rest of a line begins of which a partial receive gave the first part. */
  #cutAt = -1;
  readonly #messagePrefix = () => cannotReceive(this.#socket);

  constructor(source: ReadSource, socket: SocketIdentity, limits: Limits) {
    this.#source = source;
    this.#socket = socket;
    this.#limits = limits;
  }

  /**
   * Takes what `pattern` asks for, or with `partial` what there is of it.
   *
   * @param max the most bytes of a line or body, in place of the socket's limit
   * @returns `INCOMPLETE` when more bytes are needed
   * @throws {TooLongError} when it is longer than its limit
   * @throws {ClosedError} when the stream ended before `pattern` was met
   */
  take(
    pattern: Wanted,
    partial: boolean,
    max?: number,
  ): Received | typeof INCOMPLETE {
    const source = this.#source;
    const taken = pattern === "*l"
      ? this.#takeLine(partial, max)
      : pattern === "*a"
      ? this.#takeAll(partial, max)
      : pattern instanceof ReceiveRequest
      ? pattern.take(source, this.#messagePrefix)
      : this.#takeBytes(pattern, partial);
    if (taken !== INCOMPLETE) return taken;
    if (partial && source.buffer.length > 0 && typeof pattern === "string") {
      const text = this.#takeText(pattern);
      if (text !== INCOMPLETE) return text;
    }
    return source.isExhausted ? this.#end(pattern) : INCOMPLETE;
  }

  #takeLine(partial: boolean, max?: number): string | typeof INCOMPLETE {
    const { maxline = DEFAULT_LIMITS.maxline } = this.#limits;
    const limit = max ?? maxline;
    this.#lines ??= new LineSplitter(this.#source);
    const isRest = partial && this.#position === this.#cutAt;
    let line = this.#lines.take(partial ? Infinity : limit);
    // Its text has been given already. An empty line would look like one more.
    if (isRest && line === "") line = this.#lines.take(Infinity);
    if (line !== undefined) return line;
    throw tooLong(cannotReceive(this.#socket), "line", limit);
  }

  #takeAll(partial: boolean, max?: number): string | typeof INCOMPLETE {
    const { buffer, ended } = this.#source;
    const { maxbody = DEFAULT_LIMITS.maxbody } = this.#limits;
    const limit = max ?? maxbody;
    if (!partial && buffer.length > limit) {
      throw tooLong(cannotReceive(this.#socket), "body", limit);
    }
    if (!ended || (partial && buffer.length === 0)) return INCOMPLETE;
    const text = decodeUtf8(buffer.bytes, buffer.start, buffer.end);
    this.#consume(buffer.length);
    return text;
  }

  #takeBytes(
    size: Size,
    partial: boolean,
  ): Uint8Array<ArrayBuffer> | typeof INCOMPLETE {
    const { bytes, start, length } = this.#source.buffer;
    const count = countOf(size);
    if (length === 0 || (length < count && !partial)) return INCOMPLETE;
    const taken = Math.min(count, length);
    this.#consume(taken);
    return copied(size, bytes, start, start + taken);
  }

  /** Takes all complete characters that there are; a last one of which bytes are missing stays. */
  #takeText(pattern: "*l" | "*a"): string | typeof INCOMPLETE {
    const { buffer, isExhausted } = this.#source;
    const { bytes, start, end } = buffer;
    const textEnd = isExhausted ? end : completeTextEnd(bytes, start, end);
    if (textEnd === start) return INCOMPLETE;
    const whole = decodeUtf8(bytes, start, textEnd);
    const text = pattern === "*l" ? withoutCarriageReturns(whole) : whole;
    // A CR alone is nothing yet: "" would look like an empty line.
    if (text === "") return INCOMPLETE;
    this.#consume(textEnd - start);
    if (pattern === "*l") this.#cutAt = this.#position;
    return text;
  }

  /** The stream is over before `pattern` was met. */
  #end(pattern: Wanted): null {
    const { buffer, failure } = this.#source;
    if (buffer.length === 0 && failure === undefined) return null;
    const partial = buffer.view().slice();
    this.#consume(buffer.length);
    if (failure !== undefined) {
      throw socketFailure(this.#socket, cannotReceive, failure, { partial });
    }
    const wanted = typeof pattern === "string"
      ? "a line"
      : pattern instanceof ReceiveRequest
      ? pattern.wanted
      : `${countOf(pattern)} bytes`;
    const message = `${
      cannotReceive(this.#socket)
    }: the peer closed the connection after ${partial.length} bytes of ${wanted}`;
    throw endOf(this.#socket, new ClosedError(message, { partial }));
  }

  /** Where in the stream the buffer starts. */
  get #position(): number {
    return this.#source.received - this.#source.buffer.length;
  }

  #consume(count: number): void {
    this.#source.buffer.start += count;
  }
}
