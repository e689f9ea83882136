/**
 * Reads headers of the PROXY protocol, whichever version they have.
 *
 * @module
 */

import { malformed, type ProxyHeader } from "./header.ts";
import { parseVersion1, PREFIX } from "./version_1.ts";
import { parseVersion2, SIGNATURE } from "./version_2.ts";

/**
 * Reads the header at the beginning of `bytes`.
 *
 * @returns `undefined` when more bytes are needed
 * @throws {SyntaxError} as soon as the bytes can't be a header any more
 */
export function parseHeader(bytes: Uint8Array): ProxyHeader | undefined {
  if (begins(bytes, PREFIX)) return parseVersion1(bytes);
  if (begins(bytes, SIGNATURE)) return parseVersion2(bytes);
  throw malformed("it begins with other bytes");
}

/** Whether `bytes` begin as `expected` does, as far as they go. */
function begins(bytes: Uint8Array, expected: Uint8Array): boolean {
  const length = Math.min(bytes.length, expected.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== expected[i]) return false;
  return true;
}
