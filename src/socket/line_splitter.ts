/**
 * Where a line is cut: at the next LF of what has come. Short lines that have
 * come together are decoded at once: the text of many takes the decoder hardly
 * longer than that of one.
 *
 * @module
 */

import type { ReadBuffer } from "../readiness/read_buffer.ts";
import type { ReadSource } from "../readiness/read_source.ts";
import { INCOMPLETE } from "./pattern.ts";
import { decodeUtf8 } from "./utf8.ts";

const CR = 13;
/** The byte at the end of a line. */
const LF = 10;

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

/** How many bytes are decoded together. A line that the program keeps may keep that much of its neighbours in memory. */
const BLOCK_SIZE = 256;

/** Decodes the short lines of one stream. */
export class LineDecoder {
  /** Whole lines in which each byte is one character, so that an index into the text is one into the stream. */
  #text = "";
  /** Where in the stream the text begins. */
  #from = 0;
  /** Up to where in the stream lines have been decoded, or could not be. */
  #triedTo = 0;

  /**
   * The line at the start of `buffer`, without its LF; or nothing when it is
   * long, not complete, or has characters of several bytes.
   *
   * @param position where in the stream the buffer starts
   */
  next(buffer: ReadBuffer, position: number): string | undefined {
    if (position >= this.#triedTo) this.#decodeAhead(buffer, position);
    const from = position - this.#from;
    if (from >= this.#text.length) return undefined;
    const line = this.#text.slice(from, this.#text.indexOf("\n", from));
    if (from + line.length + 1 === this.#text.length) this.#text = "";
    return line;
  }

  #decodeAhead({ bytes, start, end }: ReadBuffer, position: number): void {
    const reach = Math.min(end, start + BLOCK_SIZE);
    const linesEnd = bytes[reach - 1] === LF
      ? reach
      : start + bytes.subarray(start, reach).lastIndexOf(LF) + 1;
    const text = decodeUtf8(bytes, start, linesEnd);
    // Each character takes at least a byte. Where there are as many, it is one each.
    this.#text = text.length === linesEnd - start ? text : "";
    this.#from = position;
    this.#triedTo = position + linesEnd - start;
  }
}
