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
  type Pattern,
  type Received,
  type Size,
} from "./pattern.ts";
import { socketFailure } from "./socket_failure.ts";
import { cannotReceive, type SocketIdentity } from "./socket_identity.ts";
import { completeTextEnd, decodeUtf8 } from "./utf8.ts";

/** Reads patterns from the buffer of one stream. It never waits. */
export class PatternReader {
  readonly #source: ReadSource;
  readonly #socket: SocketIdentity;
  readonly #limits: Limits;
  /** Made at the first line: many connections carry none. */
  #lines?: LineSplitter = undefined;

  constructor(source: ReadSource, socket: SocketIdentity, limits: Limits) {
    this.#source = source;
    this.#socket = socket;
    this.#limits = limits;
  }

  /**
   * Takes what `pattern` asks for, or with `partial` what there is of it.
   *
   * @returns `INCOMPLETE` when more bytes are needed
   * @throws {TooLongError} when it is longer than its limit
   * @throws {ClosedError} when the stream ended before `pattern` was met
   */
  take(pattern: Pattern, partial: boolean): Received | typeof INCOMPLETE {
    const source = this.#source;
    const taken = pattern === "*l"
      ? this.#takeLine(partial)
      : pattern === "*a"
      ? this.#takeAll(partial)
      : this.#takeBytes(pattern, partial);
    if (taken !== INCOMPLETE) return taken;
    if (partial && source.buffer.length > 0 && typeof pattern === "string") {
      const text = this.#takeText(pattern);
      if (text !== INCOMPLETE) return text;
    }
    return source.isExhausted ? this.#end(pattern) : INCOMPLETE;
  }

  #takeLine(partial: boolean): string | typeof INCOMPLETE {
    const { maxline = DEFAULT_LIMITS.maxline } = this.#limits;
    this.#lines ??= new LineSplitter(this.#source);
    const line = this.#lines.take(partial ? Infinity : maxline);
    if (line !== undefined) return line;
    throw tooLong(cannotReceive(this.#socket), "line", maxline);
  }

  #takeAll(partial: boolean): string | typeof INCOMPLETE {
    const { buffer, ended } = this.#source;
    const { maxbody = DEFAULT_LIMITS.maxbody } = this.#limits;
    if (!partial && buffer.length > maxbody) {
      throw tooLong(cannotReceive(this.#socket), "body", maxbody);
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
    return text;
  }

  /** The stream is over before `pattern` was met. */
  #end(pattern: Pattern): null {
    const { buffer, failure } = this.#source;
    if (buffer.length === 0 && failure === undefined) return null;
    const partial = buffer.view().slice();
    this.#consume(buffer.length);
    if (failure !== undefined) {
      throw socketFailure(this.#socket, cannotReceive, failure, { partial });
    }
    const wanted = typeof pattern === "string"
      ? "a line"
      : `${countOf(pattern)} bytes`;
    const message = `${
      cannotReceive(this.#socket)
    }: the peer closed the connection after ${partial.length} bytes of ${wanted}`;
    throw endOf(this.#socket, new ClosedError(message, { partial }));
  }

  #consume(count: number): void {
    this.#source.buffer.start += count;
  }
}
