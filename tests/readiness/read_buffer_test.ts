// The buffer of a reader: what it holds, and how much memory it takes for it.

import { assert, assertEquals } from "@std/assert";
import { ReadBuffer } from "../../src/readiness/read_buffer.ts";
import { randomly } from "../fixtures/seeded_random.ts";

/** One read that brings `count` bytes, or as many as there is room for. */
function read(buffer: ReadBuffer, count: number): number {
  const brought = Math.min(count, buffer.space().length);
  buffer.filled(brought);
  return brought;
}

function takeAll(buffer: ReadBuffer): void {
  buffer.start = buffer.end;
}

Deno.test("a buffer takes no memory before the first read, and little for it", () => {
  const buffer = new ReadBuffer();
  assertEquals([buffer.length, buffer.bytes.length], [0, 0]);
  assert(buffer.space().length <= 1024);
});

Deno.test("room grows fourfold while reads fill it, up to 64 KiB", () => {
  const buffer = new ReadBuffer();
  let size = read(buffer, Infinity);
  for (let i = 0; i < 6; i++) {
    takeAll(buffer);
    size = Math.min(size * 4, 65536);
    assertEquals(read(buffer, Infinity), size);
  }
  assertEquals(size, 65536);
});

Deno.test("room shrinks again when reads use little of it", () => {
  const buffer = new ReadBuffer();
  const smallest = buffer.space().length;
  for (let i = 0; i < 6; i++) {
    read(buffer, Infinity);
    takeAll(buffer);
  }
  let size = buffer.bytes.length;
  for (let i = 0; i < 6; i++) {
    read(buffer, 10);
    assertEquals(buffer.bytes.length, size);
    takeAll(buffer);
    size = Math.max(size / 4, smallest);
  }
  assertEquals(size, smallest);
});

Deno.test("a reader that wants more than one read at once gets it, and the memory goes afterwards", () => {
  const buffer = new ReadBuffer();
  while (buffer.length < 1_000_000) read(buffer, Infinity);
  assert(buffer.bytes.length <= 4_000_000, `${buffer.bytes.length} bytes`);
  takeAll(buffer);
  buffer.space();
  assert(buffer.bytes.length <= 65536, `${buffer.bytes.length} bytes`);
});

Deno.test("a buffer takes at most eight times what is in it, or 64 KiB", () =>
  randomly((random) => {
    const buffer = new ReadBuffer();
    for (let i = 0; i < 2000; i++) {
      const { length } = buffer;
      read(buffer, random.below(100_000));
      assert(
        buffer.bytes.length <= Math.max(65536, length * 8),
        `${buffer.bytes.length} bytes of memory for ${length} of data`,
      );
      const rest = random.pick([1, 100, 1_000_000]);
      buffer.start = Math.max(buffer.start, buffer.end - rest);
    }
  }));

Deno.test("bytes come out as they came in, whatever the sizes", () =>
  randomly((random) => {
    const buffer = new ReadBuffer();
    // The model: bytes are numbered as they come; `from` to `to` are inside.
    let from = 0;
    let to = 0;
    const byte = (number: number) => (number * 7 + (number >> 8)) & 0xff;
    for (let i = 0; i < 1000; i++) {
      if (random.below(3) > 0) {
        const space = buffer.space();
        assert(space.length > 0, "there is always room for a read");
        // Data may be taken while the read is under way.
        const taken = random.below(buffer.length + 1);
        buffer.start += taken;
        from += taken;
        const most = Math.min(random.pick([1, 10, 1000, 1e5]), space.length);
        const count = 1 + random.below(most);
        for (let at = 0; at < count; at++) space[at] = byte(to + at);
        buffer.filled(count);
        to += count;
      } else {
        const most = random.pick([1, 10, 1000, Infinity]);
        const count = random.below(Math.min(most, buffer.length) + 1);
        buffer.start += count;
        from += count;
      }
      const view = buffer.view();
      assertEquals(buffer.length, to - from);
      assertEquals(view.length, to - from);
      const wrong = view.findIndex((value, at) => value !== byte(from + at));
      assertEquals(wrong, -1, `byte ${wrong} of ${view.length} in step ${i}`);
    }
  }));
