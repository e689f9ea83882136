// Where text may be cut.

import { assertEquals } from "@std/assert";
import { completeTextEnd } from "../../src/socket/utf8.ts";

/** What a decoder that sees the bytes as the beginning of more would hold back. */
function heldByDecoder(data: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const streamed = decoder.decode(data, { stream: true });
  for (let end = data.length; end >= data.length - 3 && end >= 0; end--) {
    const whole = new TextDecoder("utf-8", { ignoreBOM: true })
      .decode(data.subarray(0, end));
    if (whole === streamed) return end;
  }
  throw new Error(`${data}`);
}

Deno.test("text is cut exactly where the platform's decoder would cut it, for every end there is", () => {
  // Every two bytes, then bytes on each side of every border, in fours.
  for (let a = 0; a < 256; a++) {
    for (let b = 0; b < 256; b++) {
      const data = new Uint8Array([0x61, a, b]);
      assertEquals(completeTextEnd(data, 0, 3), heldByDecoder(data), `${data}`);
    }
  }
  const borders = [
    0x00,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xe1,
    0xec,
    0xed,
    0xee,
    0xef,
    0xf0,
    0xf1,
    0xf3,
    0xf4,
    0xf5,
    0xff,
  ];
  for (const a of borders) {
    for (const b of borders) {
      for (const c of borders) {
        const data = new Uint8Array([0xe2, 0x82, 0xac, a, b, c]);
        const expected = heldByDecoder(data);
        if (completeTextEnd(data, 0, 6) !== expected) {
          assertEquals(completeTextEnd(data, 0, 6), expected, `${data}`);
        }
      }
    }
  }
});

Deno.test("only what is between start and end counts", () => {
  const data = new Uint8Array([0xe2, 0x82, 0xac, 0xe2, 0x82, 0xac]);
  assertEquals(completeTextEnd(data, 0, 6), 6);
  assertEquals(completeTextEnd(data, 0, 5), 3);
  assertEquals(completeTextEnd(data, 3, 5), 3);
  assertEquals(completeTextEnd(data, 4, 5), 5); // its beginning is gone: garbage
  assertEquals(completeTextEnd(data, 2, 2), 2);
});
