/**
 * Short lines as text: all that have come together at once, because the text of
 * many takes the decoder hardly longer than that of one.
 *
 * @module
 */

import type { ReadBuffer } from "../readiness/read_buffer.ts";
import { decodeUtf8 } from "./utf8.ts";

/** The byte at the end of a line. */
export const LF = 10;
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
