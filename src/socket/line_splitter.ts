/**
 * Where a line is cut: at the next LF of what has come.
 *
 * @module
 */

import type { ReadSource } from "../readiness/read_source.ts";
import { LF, LineDecoder } from "./line_decoder.ts";
import { INCOMPLETE } from "./pattern.ts";
import { decodeUtf8 } from "./utf8.ts";

const CR = 13;

/** Takes the lines of one stream, and remembers how far it has searched. */
export class LineSplitter {
  readonly #source: ReadSource;
  readonly #decoder = new LineDecoder();
  /** Up to where in the stream there is known to be no LF. */
  #searched = 0;

  constructor(source: ReadSource) {
    this.#source = source;
  }

  /**
   * Takes the line at the start of the buffer, without its end.
   *
   * @param maxLength the longest line, in bytes
   * @returns the line; or `INCOMPLETE` when its LF has not come yet; or nothing
   * when it is longer than `maxLength`, whether its LF has come or not
   */
  take(maxLength: number): string | typeof INCOMPLETE | undefined {
    const { buffer, received } = this.#source;
    const { bytes, start, end } = buffer;
    if (start === end) return INCOMPLETE;
    const position = received - (end - start);
    const short = this.#decoder.next(buffer, position);
    if (short !== undefined && short.length <= maxLength) {
      buffer.start += short.length + 1;
      return withoutCarriageReturns(short);
    }
    const from = start + Math.max(this.#searched - position, 0);
    // The memory behind the data must not be searched: it may be long.
    const at = bytes[end - 1] === LF
      ? bytes.indexOf(LF, from)
      : indexOrEnd(bytes.subarray(from, end).indexOf(LF), from, end);
    const textEnd = at > start && bytes[at - 1] === CR ? at - 1 : at;
    if (textEnd - start > maxLength) return undefined;
    if (at === end) {
      this.#searched = received;
      return INCOMPLETE;
    }
    buffer.start = at + 1;
    return withoutCarriageReturns(decodeUtf8(bytes, start, textEnd));
  }
}

/** LuaSocket drops every CR of a line, not only the one at its end. */
export function withoutCarriageReturns(line: string): string {
  return line.includes("\r") ? line.replaceAll("\r", "") : line;
}

function indexOrEnd(index: number, from: number, end: number): number {
  return index < 0 ? end : from + index;
}
