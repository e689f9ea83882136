/**
 * The chunks of a body with `Transfer-Encoding: chunked`, by RFC 9112.
 *
 * @module
 */

import { TooLongError } from "../errors/errors.ts";
import { latin1, malformed, parseHeaders } from "./answer_head.ts";
import type { ResponseHeaders } from "./headers.ts";

/** How many bytes may come without one of the body among them: extensions of chunks, zeros before a size. */
const MAX_FRAMING = 256 * 1024;
const MAX_TRAILERS = 16 * 1024;
const [TAB, LF, CR, SPACE, SEMICOLON] = [9, 10, 13, 32, 59];

/** What the next byte belongs to. */
type State =
  | "size"
  | "after size"
  | "extension"
  | "end of size"
  | "data"
  | "end of data"
  | "end of chunk"
  | "trailers"
  | "over";

/** Takes bytes as they come, however they are cut. */
export class ChunkDecoder {
  #state: State = "size";
  /** How much of the chunk is still to come. */
  #left = 0;
  #digits = 0;
  #framing = 0;
  #trailers = "";
  /** The headers after the last chunk. */
  trailers: ResponseHeaders = {};

  /** Whether all has come. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /**
   * Moves the bytes of the body in `data` to its beginning.
   *
   * @returns how many those are, and how many bytes of `data` were taken: less
   * than all only where the body is over
   * @throws {Deno.errors.InvalidData} when `data` is not made so
   * @throws {TooLongError} when too much stands between the bytes of the body
   */
  take(data: Uint8Array): [body: number, taken: number] {
    let body = 0;
    let at = 0;
    while (at < data.length && this.#state !== "over") {
      if (this.#state === "data") {
        const length = Math.min(this.#left, data.length - at);
        data.copyWithin(body, at, at + length);
        body += length;
        at += length;
        this.#framing = 0;
        this.#left -= length;
        if (this.#left === 0) this.#state = "end of data";
        continue;
      }
      if (++this.#framing > MAX_FRAMING) {
        throw new TooLongError(
          `more than ${MAX_FRAMING} bytes came without a byte of the body among them`,
        );
      }
      this.#frame(data[at++]);
    }
    return [body, at];
  }

  #frame(byte: number): void {
    switch (this.#state) {
      case "size":
        return this.#size(byte);
      case "after size":
        return this.#afterSize(byte);
      case "extension":
        if (byte === CR) this.#state = "end of size";
        else if (byte < SPACE && byte !== TAB) throw wrong();
        return;
      case "end of size":
        if (byte !== LF) throw wrong();
        this.#state = this.#left === 0 ? "trailers" : "data";
        this.#digits = 0;
        return;
      case "end of data":
        if (byte !== CR) throw wrong();
        this.#state = "end of chunk";
        return;
      case "end of chunk":
        if (byte !== LF) throw wrong();
        this.#state = "size";
        return;
      default:
        return this.#trailer(byte);
    }
  }

  #size(byte: number): void {
    const digit = hexadecimal(byte);
    if (digit >= 0) {
      this.#digits++;
      this.#left = this.#left * 16 + digit;
      if (this.#left > Number.MAX_SAFE_INTEGER) throw wrong();
      return;
    }
    if (this.#digits === 0) throw wrong();
    this.#afterSize(byte);
  }

  /** Some servers pad the size with spaces. Another size must not follow it: readers would differ on which one holds. */
  #afterSize(byte: number): void {
    if (byte === CR) this.#state = "end of size";
    else if (byte === SEMICOLON) this.#state = "extension";
    else if (byte === SPACE || byte === TAB) this.#state = "after size";
    else throw wrong();
  }

  #trailer(byte: number): void {
    this.#trailers += latin1(Uint8Array.of(byte));
    if (this.#trailers.length > MAX_TRAILERS) {
      throw new TooLongError("the trailers are longer than 16 KiB");
    }
    if (byte !== LF) return;
    if (!this.#trailers.endsWith("\r\n")) throw wrong();
    if (this.#trailers === "\r\n") this.#state = "over";
    else if (this.#trailers.endsWith("\r\n\r\n")) {
      const lines = this.#trailers.slice(0, -4).split("\r\n");
      this.trailers = parseHeaders(lines);
      this.#state = "over";
    }
  }
}

function hexadecimal(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}

function wrong(): Error {
  return malformed("its chunks are not framed as chunks are");
}
