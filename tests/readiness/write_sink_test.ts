// The writing half of a stream, against a script.

import { assert, assertEquals, assertFalse } from "@std/assert";
import { Selector } from "../../src/readiness/selector.ts";
import { WriteSink } from "../../src/readiness/write_sink.ts";
import { turn } from "../fixtures/event_loop.ts";
import { Owner, ScriptedStream } from "../fixtures/scripted_calls.ts";
import { randomly } from "../fixtures/seeded_random.ts";

const LIMIT = 64 * 1024;

function make(selector = new Selector()) {
  const stream = new ScriptedStream();
  const owner = new Owner();
  const sink = new WriteSink(selector, stream, owner);
  const { writes } = stream;
  /** What the write under way offers, as text. */
  const offered = () => new TextDecoder().decode(writes.pending[0]);
  return { selector, stream, writes, owner, sink, offered };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("what is put goes out in one write, text and bytes in their order", async () => {
  const { selector, writes, sink, offered } = make();
  assertEquals(sink.putText("äb"), 3);
  assertEquals(sink.put(bytes("cd")), 2);
  assertEquals(sink.putText("ef"), 2);
  assertEquals([writes.count, sink.taken, sink.written], [0, 7, 0]);
  sink.write();
  assertEquals(offered(), "äbcdef");
  assertEquals(selector.writing, 1);
  await writes.resolve(7);
  assert(sink.isEmpty);
  assertEquals([writes.count, sink.written, selector.writing], [1, 7, 0]);
});

Deno.test("nothing to write is not written", () => {
  const { writes, sink, selector } = make();
  sink.write();
  assertEquals([sink.put(bytes("")), sink.putText("")], [0, 0]);
  sink.write();
  assertEquals([writes.count, selector.writing], [0, 0]);
});

Deno.test("a partial write goes on with the rest", async () => {
  const { writes, sink, offered, selector } = make();
  sink.putText("abcdef");
  sink.write();
  await writes.resolve(1);
  assertEquals(offered(), "bcdef");
  await writes.resolve(3);
  assertEquals(offered(), "ef");
  assertFalse(sink.isEmpty);
  await writes.resolve(2);
  assert(sink.isEmpty);
  assertEquals([writes.count, writes.most, selector.writing], [3, 1, 0]);
});

Deno.test("what is put during a write follows it in the next one", async () => {
  const { writes, sink, offered } = make();
  sink.putText("one ");
  sink.write();
  sink.putText("two ");
  sink.write();
  sink.putText("three");
  assertEquals([writes.count, offered()], [1, "one "]);
  await writes.resolve(4);
  assertEquals(offered(), "two three");
  await writes.resolve(9);
  assert(sink.isEmpty);
  assertEquals(writes.most, 1);
});

Deno.test("the bytes that are put are copied", () => {
  const { sink, offered } = make();
  const data = bytes("abc");
  sink.put(data);
  data.fill(0);
  sink.write();
  assertEquals(offered(), "abc");
});

Deno.test("what waits for a write is bounded", async () => {
  const { writes, sink } = make();
  assertEquals(sink.put(new Uint8Array(1_000_000)), LIMIT);
  sink.write();
  assertEquals(sink.room, LIMIT);
  assertEquals(sink.put(new Uint8Array(1_000_000)), LIMIT);
  assertEquals([sink.room, sink.put(bytes("a")), sink.putText("a")], [
    0,
    0,
    -1,
  ]);
  await writes.resolve(LIMIT - 1);
  assertEquals(sink.put(bytes("a")), 0);
  await writes.resolve(1);
  assertEquals(sink.put(bytes("a")), 1);
});

Deno.test("text that may not fit is refused whole", () => {
  const { sink, offered } = make();
  assertEquals(sink.putText("ä".repeat(40_000)), -1);
  assertEquals(sink.taken, 0);
  assertEquals(sink.putText("ä".repeat(20_000)), 40_000);
  sink.write();
  assertEquals(offered(), "ä".repeat(20_000));
});

Deno.test("text with more bytes than characters goes on in a larger buffer, whole and in its order", () => {
  const { sink, offered } = make();
  sink.putText("x");
  // 700 characters have room beside it in the smallest buffer, their bytes have not.
  assertEquals(sink.putText("ä".repeat(700)), 1400);
  assertEquals(sink.putText("z"), 1);
  assertEquals(sink.taken, 1402);
  sink.write();
  assertEquals(offered(), `x${"ä".repeat(700)}z`);
});

Deno.test("the owner hears of a write only when it asked to, and once", async () => {
  const { selector, writes, owner, sink } = make();
  sink.putText("abcd");
  sink.write();
  sink.notify = true;
  await writes.resolve(2);
  assert(selector.empty);
  await writes.resolve(2);
  assertEquals(selector.take(), [owner]);
  sink.putText("ef");
  sink.write();
  await writes.resolve(2);
  assert(selector.empty);
});

Deno.test("a failure is kept, and what was not written is given up", async () => {
  const { selector, writes, owner, sink } = make();
  const reset = new Deno.errors.ConnectionReset("reset");
  sink.putText("abcd");
  sink.write();
  sink.putText("more");
  await writes.resolve(1);
  await writes.reject(reset);
  assertEquals(sink.failure, reset);
  assertEquals([sink.taken, sink.written, sink.isEmpty], [8, 1, true]);
  assertEquals([sink.lost, sink.pending], [7, 0]);
  assertEquals([selector.take(), selector.writing], [[owner], 0]);
  sink.write();
  assertEquals(writes.count, 2);
});

Deno.test("a write that throws at once, or takes nothing, is a failure", async () => {
  const error = new TypeError("not a connection");
  const selector = new Selector();
  const throwing = new WriteSink(selector, {
    read: () => Promise.resolve(null),
    closeWrite: () => Promise.resolve(),
    close: () => {},
    write: () => {
      throw error;
    },
  }, new Owner());
  throwing.putText("abc");
  throwing.write();
  await turn();
  assertEquals([throwing.failure, selector.writing], [error, 0]);

  const { writes, sink } = make(selector);
  sink.putText("abc");
  sink.write();
  await writes.resolve(0);
  assert(sink.failure instanceof Deno.errors.WriteZero);
  assertEquals(writes.pending.length, 0);
  assertEquals(selector.writing, 0);
});

Deno.test("the selector hears when the last sink is empty, and only then", async () => {
  let heard = 0;
  const selector = new Selector(undefined, () => heard++);
  const [first, second] = [make(selector), make(selector)];
  for (const { sink } of [first, second]) {
    sink.putText("abc");
    sink.write();
  }
  await first.writes.resolve(3);
  assertEquals(heard, 0);
  await second.writes.resolve(2);
  assertEquals(heard, 0);
  await second.writes.resolve(1);
  assertEquals(heard, 1);
});

Deno.test("sinks that write in the same turn, again and again, need no new memory", async () => {
  const sinks = Array.from({ length: 1000 }, () => make());
  const used = new Set<ArrayBufferLike>();
  for (let turn = 0; turn < 3; turn++) {
    for (const { sink } of sinks) {
      sink.putText("abc");
      sink.write();
    }
    for (const { writes } of sinks) {
      used.add(writes.pending[0].buffer);
      await writes.resolve(3);
    }
  }
  assertEquals(used.size, sinks.length);
});

Deno.test("many sinks write each its own bytes, once and in order, whatever the sizes", () =>
  randomly(async (random) => {
    const selector = new Selector();
    const sinks = Array.from({ length: 5 }, (_, key) => {
      let put = 0;
      let arrived = 0;
      const byte = (number: number) =>
        (number * 5 + (number >> 7) + key) & 0xff;
      return {
        ...make(selector),
        put(length: number) {
          const data = new Uint8Array(length);
          for (let at = 0; at < length; at++) data[at] = byte(put + at);
          put += this.sink.put(data);
        },
        async arrive(most: number) {
          const [data] = this.writes.pending;
          if (data === undefined) return;
          const count = 1 + random.below(Math.min(most, data.length));
          const wrong = data.subarray(0, count)
            .findIndex((value, at) => value !== byte(arrived + at));
          assertEquals(wrong, -1, `byte ${arrived + wrong} of sink ${key}`);
          arrived += count;
          await this.writes.resolve(count);
        },
        get missing() {
          return put - arrived;
        },
      };
    });
    const sizes = [10, 1000, 10_000, 100_000];
    for (let i = 0; i < 1500; i++) {
      const one = random.pick(sinks);
      const what = random.below(4);
      if (what < 2) one.put(random.below(random.pick(sizes)));
      else if (what === 2) one.sink.write();
      else await one.arrive(random.pick(sizes));
      assert(one.missing <= 2 * LIMIT);
      assertEquals(one.sink.taken - one.sink.written, one.missing);
      const busy = sinks.filter(({ missing }) => missing > 0).length;
      assertEquals(selector.writing, busy);
    }
    for (const one of sinks) {
      one.sink.write();
      while (one.missing > 0) await one.arrive(Infinity);
      assertEquals([one.sink.isEmpty, one.writes.most <= 1], [true, true]);
    }
    assertEquals(selector.writing, 0);
  }));

Deno.test("what is lent is written from where it is, and is free when all of it is", async () => {
  const { writes, sink, selector } = make();
  const data = bytes("abcdef");
  let freed = 0;
  assert(sink.lend(data, () => freed++));
  assert(writes.pending[0].buffer === data.buffer);
  assertFalse(sink.lend(data, () => freed++));
  assertEquals(sink.putText("gh"), 2);
  await writes.resolve(4);
  assertEquals([freed, sink.pending, selector.writing], [0, 4, 1]);
  await writes.resolve(2);
  assertEquals([freed, sink.pending], [1, 2]);
  // What was put behind it was copied, and follows.
  data.fill(0);
  assertEquals(new TextDecoder().decode(writes.pending[0]), "gh");
  await writes.resolve(2);
  assertEquals([sink.isEmpty, selector.writing, sink.written], [true, 0, 8]);
});

Deno.test("a write that fails frees what was lent, and nothing is lent after it", async () => {
  const { writes, sink } = make();
  let freed = 0;
  assert(sink.lend(bytes("abc"), () => freed++));
  await writes.reject(new Deno.errors.BrokenPipe());
  assertEquals([freed, sink.lost], [1, 3]);
  assertFalse(sink.lend(bytes("abc"), () => freed++));
  assertEquals(freed, 1);
});
