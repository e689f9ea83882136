// The text of lines that have come together, against a decoder that looks at each by itself.

import { assertEquals } from "@std/assert";
import { ReadBuffer } from "../../src/readiness/read_buffer.ts";
import { LineDecoder } from "../../src/socket/line_splitter.ts";
import { bytes } from "../fixtures/socket_script.ts";
import { randomly } from "../fixtures/seeded_random.ts";

const LF = 10;

/** What is left of `data` from `at` on, somewhere in a buffer's memory. */
function bufferOf(data: Uint8Array, at: number, margin: number): ReadBuffer {
  const buffer = new ReadBuffer();
  const rest = data.subarray(at);
  buffer.bytes = new Uint8Array(rest.length + 2 * margin).fill(LF);
  buffer.bytes.set(rest, margin);
  buffer.start = margin;
  buffer.end = margin + rest.length;
  return buffer;
}

/** The text of the line at `at` of `data` when nothing else is looked at, and where the next one begins. */
function alone(data: Uint8Array, at: number): [line: string, next: number] {
  const next = data.indexOf(LF, at) + 1;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return [decoder.decode(data.subarray(at, next - 1)), next];
}

const SHORT = Array.from({ length: 40 }, (_, i) => "x".repeat(i) + "\n");
const OTHER = [
  "é\n",
  "世界\r\n",
  "\ufeff🎉\n",
  [0xff, LF],
  [0xe2, LF],
  "x".repeat(300) + "\n",
];

Deno.test("lines of any text, length and number are as if each had been decoded alone", () =>
  randomly((random) => {
    for (let run = 0; run < 100; run++) {
      const words = random.pick<(string | number[])[]>([
        SHORT,
        [...SHORT, ...OTHER],
        OTHER,
      ]);
      const data = bytes(
        ...Array.from({ length: 100 }, () => random.pick(words)),
      );
      const lines = new LineDecoder();
      for (let at = 0; data.indexOf(LF, at) >= 0;) {
        const line = lines.next(bufferOf(data, at, random.below(3)), at);
        const [expected, next] = alone(data, at);
        if (line !== undefined || words === SHORT) {
          assertEquals(line, expected, `at ${at}`);
        }
        // Bytes in between may be received as such.
        at = next + random.pick([0, 0, 0, 1, 5, 300]);
      }
    }
  }));

Deno.test("the text is that of the bytes that came, also where the memory holds others later", () => {
  const lines = new LineDecoder();
  const data = bytes("one\ntwo\nthree\n");
  const buffer = bufferOf(data, 0, 0);
  assertEquals(lines.next(buffer, 0), "one");
  buffer.bytes.fill(0x78);
  assertEquals(lines.next(bufferOf(data, 4, 1), 4), "two");
  assertEquals(lines.next(bufferOf(data, 8, 2), 8), "three");
});

Deno.test("a line that is not complete, or long, is left to others", () => {
  const lines = new LineDecoder();
  const long = "x".repeat(1000);
  for (const text of ["", "half a line", long, long + "\nnext\n"]) {
    assertEquals(lines.next(bufferOf(bytes(text), 0, 1), 0), undefined, text);
  }
  assertEquals(lines.next(bufferOf(bytes("line\nhalf"), 0, 1), 0), "line");
});
