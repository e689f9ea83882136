/**
 * Undoes the compression of a body.
 *
 * @module
 */

import { pipeline, type Transform } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";

/** What a request asks for. Servers differ in what they mean by deflate. */
export const ENCODINGS = "gzip, br";

const DECODERS: Record<string, () => Transform> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** What undoes the compression that a `Content-Encoding` names, if it is known. */
export function decoderFor(encoding = ""): Transform | undefined {
  const name = encoding.toLowerCase();
  return Object.hasOwn(DECODERS, name) ? DECODERS[name]() : undefined;
}

/**
 * The chunks, decompressed: a small one at a time, however much one holds.
 *
 * @throws {Deno.errors.InvalidData} when they are not what the server said
 */
export async function* decoded(
  chunks: AsyncIterable<Uint8Array>,
  decoder: Transform,
): AsyncGenerator<Uint8Array> {
  let failure: unknown;
  let hasBegun = false;
  async function* source() {
    try {
      for await (const chunk of chunks) {
        hasBegun = true;
        yield chunk;
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  pipeline(source(), decoder, () => {});
  try {
    yield* decoder;
  } catch (error) {
    if (failure !== undefined) throw failure;
    // Some servers name a compression of a body that they do not have.
    if (!hasBegun) return;
    const { message } = error as Error;
    throw new Deno.errors.InvalidData(
      `the body is not compressed as the server says: ${message}`,
      { cause: error },
    );
  } finally {
    decoder.destroy();
  }
}
