/**
 * Where text may be cut.
 *
 * @module
 */

/**
 * The end of the last complete UTF-8 character in `bytes` from `start` to
 * `end`. Bytes that can't become a character are not held back.
 */
export function completeTextEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  for (let back = 1; back <= 3 && end - back >= start; back++) {
    const byte = bytes[end - back];
    if (byte < 0x80) return end;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? end - back : end;
    }
  }
  return end;
}
