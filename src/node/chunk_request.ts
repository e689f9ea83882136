/**
 * What there is, as one of node's buffers.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { ReadSource } from "../readiness/read_source.ts";
import { INCOMPLETE, ReceiveRequest } from "../socket/pattern.ts";

/** Takes small chunks into memory that node's buffers share: most messages are small, and memory of its own is half of what one costs. */
export class ChunkRequest extends ReceiveRequest<Uint8Array<ArrayBuffer>> {
  readonly wanted = "bytes";

  take(
    { buffer }: ReadSource,
  ): Uint8Array<ArrayBuffer> | typeof INCOMPLETE {
    const { bytes, start, end, length } = buffer;
    if (length === 0) return INCOMPLETE;
    const chunk = Buffer.allocUnsafe(length);
    chunk.set(start === 0 && end === bytes.length ? bytes : buffer.view());
    buffer.start = end;
    return chunk;
  }
}
