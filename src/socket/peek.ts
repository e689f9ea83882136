/**
 * What comes next, without taking it.
 *
 * @module
 */

import { checkInteger } from "../errors/arguments.ts";
import type { ReadSource } from "../readiness/read_source.ts";
import { INCOMPLETE, ReceiveRequest } from "./pattern.ts";
import type { PeekOptions } from "./receive_options.ts";

/** Gives a copy of the next bytes. */
export class PeekRequest extends ReceiveRequest<Uint8Array<ArrayBuffer>> {
  readonly wanted = "bytes";
  readonly #least: number;
  readonly #most: number;

  constructor(call: string, most: number, { min = 1 }: PeekOptions) {
    super();
    checkInteger(call, "the number of bytes", most, 1);
    checkInteger(call, "min", min, 1, most);
    this.#least = min;
    this.#most = most;
  }

  take(
    { buffer, isExhausted }: ReadSource,
  ): Uint8Array<ArrayBuffer> | typeof INCOMPLETE {
    const { bytes, start, length } = buffer;
    // At the end of the stream fewer will have to do.
    const least = isExhausted ? 1 : this.#least;
    if (length < least) return INCOMPLETE;
    return bytes.slice(start, start + Math.min(this.#most, length));
  }
}
