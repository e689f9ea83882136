/**
 * What comes before a delimiter.
 *
 * @module
 */

import { checkFlag, outOfRange, wrongType } from "../errors/arguments.ts";
import { EncodingError } from "../errors/encoding_error.ts";
import { TooLongError } from "../errors/errors.ts";
import type { ReadBuffer } from "../readiness/read_buffer.ts";
import type { ReadSource } from "../readiness/read_source.ts";
import { INCOMPLETE, ReceiveRequest } from "./pattern.ts";
import type { UntilOptions } from "./receive_options.ts";
import { decodeUtf8, decodeUtf8Strictly } from "./utf8.ts";

const encoder = new TextEncoder();

/** Takes what comes before a delimiter, and drops the delimiter. */
export class UntilRequest
  extends ReceiveRequest<string | Uint8Array<ArrayBuffer>> {
  readonly wanted = "what ends with a delimiter";
  readonly #delimiter: Uint8Array;
  readonly #isText: boolean;
  readonly #isFatal: boolean;
  readonly #max: number;
  /** Up to where in the stream there is known to be no delimiter. */
  #searched = 0;

  /** @param usual the limit where the options name none */
  constructor(
    call: string,
    delimiter: string | Uint8Array,
    { max, fatal }: UntilOptions,
    usual: number,
  ) {
    super();
    this.#isText = typeof delimiter === "string";
    if (!this.#isText && !(delimiter instanceof Uint8Array)) {
      const expected = "a string or a Uint8Array";
      throw wrongType(call, "the delimiter", expected, delimiter);
    }
    if (delimiter.length === 0) {
      const expected = "one byte or more";
      throw outOfRange(call, "the delimiter", expected, delimiter);
    }
    checkFlag(call, "fatal", fatal);
    this.#delimiter = typeof delimiter === "string"
      ? encoder.encode(delimiter)
      : delimiter.slice();
    this.#isFatal = fatal === true;
    this.#max = max ?? usual;
  }

  take(
    source: ReadSource,
    messagePrefix: () => string,
  ): string | Uint8Array<ArrayBuffer> | typeof INCOMPLETE {
    const { buffer, received } = source;
    const position = received - buffer.length;
    const from = buffer.start + Math.max(this.#searched - position, 0);
    const at = indexOf(buffer, this.#delimiter, from);
    // The last bytes may be the first ones of a delimiter.
    const textEnd = at ?? buffer.end - this.#delimiter.length + 1;
    if (textEnd - buffer.start > this.#max) {
      throw new TooLongError(
        `${messagePrefix()}: no delimiter came within ${this.#max} bytes (max); ` +
          "receivepartial() takes what has come, or close the socket",
      );
    }
    if (at === undefined) {
      this.#searched = position + Math.max(textEnd - buffer.start, 0);
      return INCOMPLETE;
    }
    const { bytes, start } = buffer;
    buffer.start = at + this.#delimiter.length;
    return this.#isText
      ? this.#text(bytes, start, at, messagePrefix)
      : bytes.slice(start, at);
  }

  #text(
    bytes: Uint8Array,
    start: number,
    end: number,
    messagePrefix: () => string,
  ): string {
    if (!this.#isFatal) return decodeUtf8(bytes, start, end);
    const text = decodeUtf8Strictly(bytes.subarray(start, end));
    if (text !== undefined) return text;
    throw new EncodingError(
      `${messagePrefix()}: a text of ${
        end - start
      } bytes is no UTF-8; partial has its bytes`,
      { partial: bytes.slice(start, end) },
    );
  }
}

/** Where `delimiter` is in the data of `buffer`, from the index `from` on. */
function indexOf(
  { bytes, end }: ReadBuffer,
  delimiter: Uint8Array,
  from: number,
): number | undefined {
  const { length } = delimiter;
  const data = bytes.subarray(0, end);
  for (let at = from; (at = data.indexOf(delimiter[0], at)) >= 0; at++) {
    if (at + length > end) return undefined;
    let matching = 1;
    while (matching < length && data[at + matching] === delimiter[matching]) {
      matching++;
    }
    if (matching === length) return at;
  }
  return undefined;
}
