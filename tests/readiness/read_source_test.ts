// The reading half of a stream, against a script.

import {
  assert,
  assertEquals,
  assertFalse,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { afterPoll } from "../../src/readiness/poll.ts";
import { ReadSource } from "../../src/readiness/read_source.ts";
import { Selector } from "../../src/readiness/selector.ts";
import { turn } from "../fixtures/event_loop.ts";
import { Owner, ScriptedStream } from "../fixtures/scripted_calls.ts";

function make(driven = true) {
  const selector = new Selector();
  selector.driven = driven;
  const stream = new ScriptedStream();
  const owner = new Owner();
  const source = new ReadSource(selector, stream, owner);
  const text = () => new TextDecoder().decode(source.buffer.view());
  return { selector, stream, owner, source, text };
}

Deno.test("arming twice begins one read", async () => {
  const { selector, stream, owner, source, text } = make();
  source.arm();
  source.arm();
  assertEquals([stream.reads.count, selector.outstanding], [1, 1]);
  await stream.bring("abc");
  assertEquals(text(), "abc");
  assertEquals(selector.outstanding, 0);
  assertEquals(selector.take(), [owner]);
  assertEquals(stream.reads.count, 1);
});

Deno.test("a read follows the one before, never beside it", async () => {
  const { stream, source, text } = make();
  for (let i = 0; i < 10; i++) {
    source.arm();
    source.arm();
    await stream.bring(`${i}`);
  }
  assertEquals(text(), "0123456789");
  assertEquals([stream.reads.count, stream.reads.most], [10, 1]);
  assertEquals(source.received, 10);
});

Deno.test("no read begins while the dispatcher is not driven, and one does as soon as it is", async () => {
  const { selector, stream, source } = make(false);
  source.arm();
  source.arm();
  await turn();
  assertEquals(stream.reads.count, 0);
  selector.driven = true;
  assertEquals(stream.reads.count, 1);
  selector.driven = false;
  selector.driven = true;
  assertEquals(stream.reads.count, 1);
});

Deno.test("what a read brings that no thread waits for any more stays for the next receiver", async () => {
  const { selector, stream, source, text } = make();
  source.arm();
  selector.driven = false;
  await stream.bring("late");
  assertEquals(text(), "late");
  assertFalse(selector.empty);
  assertEquals(stream.reads.count, 1);
});

Deno.test("the end of the stream is kept, and nothing is read after it", async () => {
  const { selector, stream, owner, source } = make();
  source.arm();
  await stream.reads.resolve(null);
  assert(source.ended);
  assert(source.isExhausted);
  assertEquals(selector.take(), [owner]);
  source.arm();
  assertEquals(stream.reads.count, 1);
});

Deno.test("a failure is kept, and nothing is read after it", async () => {
  const { selector, stream, owner, source } = make();
  const reset = new Deno.errors.ConnectionReset("reset");
  source.arm();
  await stream.reads.reject(reset);
  assertEquals(source.failure, reset);
  assertEquals([selector.outstanding, selector.take()], [0, [owner]]);
  source.arm();
  assertEquals(stream.reads.count, 1);
});

Deno.test("a read that throws at once is a failure like any other", async () => {
  const selector = new Selector();
  const owner = new Owner();
  const error = new TypeError("not a connection");
  const source = new ReadSource(selector, {
    ...new ScriptedStream(),
    closeWrite: () => Promise.resolve(),
    close: () => {},
    read: () => {
      throw error;
    },
  }, owner);
  source.arm();
  selector.driven = true;
  await turn();
  assertEquals(source.failure, error);
  assertEquals([selector.outstanding, selector.take()], [0, [owner]]);
});

Deno.test("what a read brings after the close is dropped", async () => {
  const { selector, stream, source } = make();
  source.arm();
  source.close();
  await stream.bring("late");
  assertEquals(source.buffer.length, 0);
  assert(selector.empty);
  assertEquals(selector.outstanding, 0);
  source.arm();
  assertEquals(stream.reads.count, 1);
});

Deno.test("the failure that a close causes is not announced", async () => {
  const { selector, stream, source } = make();
  source.arm();
  source.close();
  await stream.reads.reject(new Deno.errors.Interrupted("canceled"));
  assertEquals(source.failure, undefined);
  assert(selector.empty);
  assertEquals(selector.outstanding, 0);
});

Deno.test("a read that waits for the driver does not begin after the close", () => {
  const { selector, stream, source } = make(false);
  source.arm();
  source.close();
  selector.driven = true;
  assertEquals([stream.reads.count, selector.outstanding], [0, 0]);
});

Deno.test("a stream is told only when the loop begins or ends whether it keeps the process alive", async () => {
  const { selector, stream, source } = make();
  const told: string[] = [];
  const ref = () => void told.push("ref");
  const unref = () => void told.push("unref");
  Object.assign(stream, { ref, unref });
  const read = async () => {
    source.arm();
    await stream.bring("x");
  };
  await read();
  await read();
  assertEquals(told, ["unref"]);
  selector.looping = true;
  await read();
  await read();
  assertEquals(told, ["unref", "ref"]);
  selector.looping = false;
  assertEquals(told, ["unref", "ref"]);
  selector.looping = true;
  source.arm();
  selector.looping = false;
  assertEquals(told, ["unref", "ref", "unref"]);
  await stream.bring("x");
});

Deno.test("memory goes from a closed stream to the next one, unless data is in it or a read is under way", async () => {
  const memoryOf = async ({ source, stream }: ReturnType<typeof make>) => {
    source.arm();
    await stream.bring("x");
    return source.buffer.bytes;
  };
  const idle = make();
  const spare = await memoryOf(idle);
  idle.source.buffer.start++;
  idle.source.close();
  idle.source.close();
  const next = make();
  assertStrictEquals(await memoryOf(next), spare);
  next.source.close();
  assertEquals(next.text(), "x");
  const reading = make();
  const memory = await memoryOf(reading);
  assertNotStrictEquals(memory, spare);
  reading.source.buffer.start++;
  reading.source.arm();
  reading.source.close();
  assertNotStrictEquals(await memoryOf(make()), memory);
});

Deno.test("an end of the stream is a reset when the write under way fails by one", async () => {
  const { selector, stream, owner, source } = make();
  const writes = { isWriting: true, failure: undefined as unknown };
  source.writes = writes;
  source.arm();
  await stream.reads.resolve(null);
  assertEquals([source.isExhausted, selector.empty], [false, true]);
  assertEquals([source.busy, selector.outstanding], [true, 1]);
  writes.failure = new Deno.errors.ConnectionReset("os error 104");
  writes.isWriting = false;
  await polled();
  assertEquals(source.ended, false);
  assertStrictEquals(source.failure, writes.failure);
  assertEquals([selector.take(), selector.outstanding], [[owner], 0]);
});

Deno.test("an end of the stream is a reset when a write has failed by one", async () => {
  const { stream, source } = make();
  const failure = new Deno.errors.ConnectionReset("os error 104");
  source.writes = { isWriting: false, failure };
  source.arm();
  await stream.reads.resolve(null);
  assertStrictEquals(source.failure, failure);
});

Deno.test("an end of the stream beside a write that the peer does not take is an end", async () => {
  const { selector, stream, owner, source } = make();
  source.writes = { isWriting: true, failure: undefined };
  source.arm();
  await stream.reads.resolve(null);
  await polled();
  assertEquals([source.ended, source.failure], [true, undefined]);
  assertEquals([selector.take(), selector.outstanding], [[owner], 0]);
});

Deno.test("an end of the stream after a write that found it closed is an end", async () => {
  const { stream, source } = make();
  const failure = new Deno.errors.BrokenPipe("os error 32");
  source.writes = { isWriting: false, failure };
  source.arm();
  await stream.reads.resolve(null);
  assertEquals([source.ended, source.failure], [true, undefined]);
});

/** Resolves when Deno has asked for I/O. */
function polled(): Promise<void> {
  return new Promise((resolve) => afterPoll(resolve));
}
