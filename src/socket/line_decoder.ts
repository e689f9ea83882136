/**
 * The text of lines: of all that have come together at once, because the text
 * of many takes the decoder hardly longer than that of one.
 *
 * @module
 */

import type { ReadBuffer } from "../readiness/read_buffer.ts";
import { decodeUtf8 } from "./utf8.ts";

const LF = 10;
/** How many bytes are decoded together. Who keeps a line may keep that much of its neighbours in memory. */
const AT_ONCE = 512;

/** Decodes the lines of one stream. */
export class LineDecoder {
  /** Lines that were decoded together. They are ASCII: a place in the text is one in the stream. */
  #text = "";
  /** Where in the stream the text begins. */
  #from = 0;
  /** Up to where in the stream it has been tried. */
  #tried = 0;

  /**
   * The text of the line at the start of `buffer`.
   *
   * @param textEnd where in the memory of the buffer the text ends
   * @param next where the next line begins
   * @param position where in the stream the buffer starts
   */
  decode(
    buffer: ReadBuffer,
    textEnd: number,
    next: number,
    position: number,
  ): string {
    const { bytes, start, end } = buffer;
    const length = next - start;
    if (next < end && position >= this.#tried && length <= AT_ONCE / 2) {
      const blockEnd = Math.min(end, start + AT_ONCE);
      this.#decodeAhead(bytes.subarray(start, blockEnd), position);
    }
    const from = position - this.#from;
    const left = this.#text.length - from;
    if (left < length) return decodeUtf8(bytes, start, textEnd);
    const line = this.#text.slice(from, from + textEnd - start);
    if (left === length) this.#text = "";
    return line;
  }

  /** Decodes the lines of `block`, which are at `position` in the stream. */
  #decodeAhead(block: Uint8Array, position: number): void {
    const size = block.lastIndexOf(LF) + 1;
    const text = decodeUtf8(block, 0, size);
    // Each character is at least a byte: as many of them are one byte each.
    this.#text = text.length === size ? text : "";
    this.#from = position;
    this.#tried = position + size;
  }
}
