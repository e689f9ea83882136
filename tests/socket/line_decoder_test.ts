// The text of lines that have come together, against a decoder that looks at each by itself.

import { assertEquals } from "@std/assert";
import { ReadBuffer } from "../../src/readiness/read_buffer.ts";
import { LineDecoder } from "../../src/socket/line_decoder.ts";
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

/** Takes the line at `at` of `data`; gives its text and where the next one begins. */
function take(
  lines: LineDecoder,
  data: Uint8Array,
  at: number,
  margin = 0,
): [line: string, next: number] {
  const next = data.indexOf(LF, at) + 1;
  const buffer = bufferOf(data, at, margin);
  const lineEnd = margin + next - at;
  return [lines.decode(buffer, lineEnd - 1, lineEnd, at), next];
}

function alone(data: Uint8Array, from: number, to: number): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(data.subarray(from, to));
}

Deno.test("lines of any text, length and number are as if each had been decoded alone", () =>
  randomly((random) => {
    for (let run = 0; run < 100; run++) {
      const short = Array.from({ length: 40 }, (_, i) => "x".repeat(i) + "\n");
      const other = ["é\n", "世界\r\n", "\ufeff🎉\n", [0xff, LF], [0xe2, LF]];
      const words = random.pick([short, [...short, ...other], other]);
      const data = bytes(
        ...Array.from(
          { length: 100 },
          () => random.pick<string | number[]>(words),
        ),
      );
      const lines = new LineDecoder();
      for (let at = 0; at < data.length;) {
        const [line, next] = take(lines, data, at, random.below(3));
        assertEquals(line, alone(data, at, next - 1), `at ${at}`);
        // Bytes in between may be received as such.
        at = Math.min(next + random.pick([0, 0, 0, 1, 5, 300]), data.length);
        if (data.indexOf(LF, at) < 0) break;
      }
    }
  }));

Deno.test("the text is that of the bytes that came, also where the memory holds others later", () => {
  const lines = new LineDecoder();
  const data = bytes("one\ntwo\nthree\n");
  const buffer = bufferOf(data, 0, 0);
  assertEquals(lines.decode(buffer, 3, 4, 0), "one");
  buffer.bytes.fill(0x78);
  assertEquals(lines.decode(bufferOf(data, 4, 0), 3, 4, 4), "two");
  assertEquals(take(lines, data, 8), ["three", 14]);
});
