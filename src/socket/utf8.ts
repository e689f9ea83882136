/**
 * Text in UTF-8: decoding it, and where it may be cut.
 *
 * @module
 */

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", {
  ignoreBOM: true,
  fatal: true,
});

/** The text of `bytes` from `start` to `end`. Where they are no UTF-8, it has U+FFFD. */
export function decodeUtf8(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  return start === end ? "" : decoder.decode(bytes.subarray(start, end));
}

/** The text of `bytes`, or nothing where they are no UTF-8. */
export function decodeUtf8Strictly(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many bytes `text` from `from` on takes as UTF-8. */
export function utf8Length(text: string, from: number): number {
  let length = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.codePointAt(at)!;
    if (code > 0xffff) at++;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code > 0xffff ? 4 : 3;
  }
  return length;
}

/**
 * The end of the last complete UTF-8 character in `bytes` from `start` to
 * `end`. Bytes that can't become a character count as complete.
 */
export function completeTextEnd(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  for (let at = end - 1; at >= start && at >= end - 3; at--) {
    const byte = bytes[at];
    if (byte < 0x80) return end;
    if (byte < 0xc0) continue; // a continuation byte
    const isCut = at + lengthOf(byte) > end &&
      (at + 1 === end || canFollow(byte, bytes[at + 1]));
    return isCut ? at : end;
  }
  return end;
}

/** The length in bytes of a character that begins with `first`; 1 when none begins so. */
function lengthOf(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Whether `second` may follow `first` in well-formed UTF-8: no overlong form, no surrogate, nothing beyond U+10FFFF. */
function canFollow(first: number, second: number): boolean {
  switch (first) {
    case 0xe0:
      return second >= 0xa0;
    case 0xed:
      return second < 0xa0;
    case 0xf0:
      return second >= 0x90;
    case 0xf4:
      return second < 0x90;
  }
  return true;
}
