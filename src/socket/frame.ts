/**
 * Frames: a length, then so many bytes.
 *
 * @module
 */

import { checkFlag, outOfRange, wrongType } from "../errors/arguments.ts";
import { TooLongError } from "../errors/errors.ts";
import type { ReadSource } from "../readiness/read_source.ts";
import { INCOMPLETE, ReceiveRequest } from "./pattern.ts";
import type { FrameFormat, ReceiveFrameOptions } from "./receive_options.ts";

const encoder = new TextEncoder();

/** Takes one frame, without its length. */
export class FrameRequest extends ReceiveRequest<Uint8Array<ArrayBuffer>> {
  readonly wanted = "a frame";
  readonly #header: number;
  readonly #littleEndian: boolean;
  readonly #max: number;

  /** @param usual the limit where the options name none */
  constructor(call: string, options: ReceiveFrameOptions, usual: number) {
    super();
    this.#header = checkFormat(call, options);
    this.#littleEndian = options.littleEndian === true;
    this.#max = options.max ?? usual;
  }

  take(
    { buffer }: ReadSource,
    messagePrefix: () => string,
  ): Uint8Array<ArrayBuffer> | typeof INCOMPLETE {
    if (buffer.length < this.#header) return INCOMPLETE;
    const length = readLength(
      buffer.view(),
      this.#header,
      this.#littleEndian,
    );
    if (length > this.#max) {
      throw new TooLongError(
        `${messagePrefix()}: the frame has ${length} bytes, and the most is ${this.#max}; ` +
          "close the socket, or receive with a larger max",
      );
    }
    const from = this.#header;
    const count = from + Number(length);
    if (buffer.length < count) return INCOMPLETE;
    const { bytes, start } = buffer;
    buffer.start = start + count;
    return bytes.slice(start + from, start + count);
  }
}

/** `data` with its length in front. */
export function frameOf(
  call: string,
  data: string | Uint8Array,
  format: FrameFormat,
): Uint8Array {
  const header = checkFormat(call, format);
  if (typeof data !== "string" && !(data instanceof Uint8Array)) {
    throw wrongType(call, "the data", "a string or a Uint8Array", data);
  }
  const body = typeof data === "string" ? encoder.encode(data) : data;
  const most = 2 ** (8 * header) - 1;
  if (body.length > most) {
    const expected = `at most ${most} bytes, as its length has ${header}`;
    throw outOfRange(call, "the data", expected, body);
  }
  const frame = new Uint8Array(header + body.length);
  writeLength(frame, header, format.littleEndian === true, body.length);
  frame.set(body, header);
  return frame;
}

/** Checks how a length is written; returns how many bytes it takes. */
function checkFormat(
  call: string,
  { bytes = 4, littleEndian }: FrameFormat,
): number {
  checkFlag(call, "littleEndian", littleEndian);
  if ([1, 2, 4, 8].includes(bytes)) return bytes;
  throw (typeof bytes === "number" ? outOfRange : wrongType)(
    call,
    "bytes",
    "1, 2, 4 or 8",
    bytes,
  );
}

/** A length of 8 bytes may be larger than any number that is exact. */
function readLength(
  { buffer, byteOffset }: Uint8Array,
  header: number,
  littleEndian: boolean,
): number | bigint {
  const view = new DataView(buffer, byteOffset, header);
  switch (header) {
    case 1:
      return view.getUint8(0);
    case 2:
      return view.getUint16(0, littleEndian);
    case 4:
      return view.getUint32(0, littleEndian);
  }
  return view.getBigUint64(0, littleEndian);
}

function writeLength(
  { buffer, byteOffset }: Uint8Array,
  header: number,
  littleEndian: boolean,
  length: number,
): void {
  const view = new DataView(buffer, byteOffset, header);
  if (header === 1) view.setUint8(0, length);
  else if (header === 2) view.setUint16(0, length, littleEndian);
  else if (header === 4) view.setUint32(0, length, littleEndian);
  else view.setBigUint64(0, BigInt(length), littleEndian);
}
