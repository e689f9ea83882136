/**
 * A byte stream as a duplex stream of node's: it reads only while a reader waits.
 *
 * @module
 */

import { assertEquals, assertStrictEquals } from "@std/assert";
import { DuplexBridge } from "../../src/readiness/duplex_bridge.ts";
import { turn } from "../fixtures/event_loop.ts";
import { ScriptedStream } from "../fixtures/scripted_calls.ts";

/** A bridge whose reader takes all that comes, as `node:tls` does. */
function flowing(first?: Uint8Array): {
  stream: ScriptedStream;
  bridge: DuplexBridge;
  heard: string[];
} {
  const stream = new ScriptedStream();
  const bridge = new DuplexBridge(stream, first);
  const heard: string[] = [];
  bridge.on("data", (chunk: Uint8Array) => heard.push(String(chunk)));
  bridge.on("end", () => heard.push("end"));
  bridge.on("error", (error: Error) => heard.push(error.message));
  return { stream, bridge, heard };
}

Deno.test("a bridge reads only while a thread waits, though its reader always wants more", async () => {
  const { stream, bridge, heard } = flowing();
  await turn();
  assertEquals(stream.reads.count, 1, "in the beginning a reader waits");
  bridge.demanded = false;
  await stream.bring("one");
  assertEquals([heard, stream.reads.count], [["one"], 1]);
  bridge.demanded = true;
  assertEquals(stream.reads.count, 2);
  bridge.demanded = true;
  assertEquals(stream.reads.most, 1, "never two at once");
  bridge.demanded = false;
  await stream.bring("two");
  assertEquals(heard, ["one", "two"]);
  assertEquals(stream.reads.pending.length, 0);
});

Deno.test("a bridge gives the bytes that were read before it was made first", async () => {
  const { stream, heard } = flowing(new TextEncoder().encode("hello"));
  await turn();
  await stream.bring("world");
  assertEquals(heard, ["hello", "world"]);
});

Deno.test("what a bridge has given does not change when it reads on", async () => {
  const { stream, bridge } = flowing();
  const chunks: Uint8Array[] = [];
  bridge.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  await turn();
  await stream.bring("first");
  await stream.bring("other");
  assertEquals(chunks.map(String), ["first", "other"]);
});

Deno.test("a bridge writes on where the system took only a part", async () => {
  const { stream, bridge } = flowing();
  let written = 0;
  bridge.write("12345", () => written++);
  await turn();
  await stream.writes.resolve(2);
  assertEquals(String(bridge.sent), "2");
  assertEquals(new TextDecoder().decode(stream.writes.pending[0]), "345");
  assertEquals(written, 0);
  await stream.writes.resolve(3);
  assertEquals([written, bridge.sent], [1, 5]);
});

Deno.test("the end is told to the owner before the reader hears of it", async () => {
  const { stream, bridge, heard } = flowing();
  bridge.onend = () => heard.push("owner");
  await turn();
  await stream.reads.resolve(null);
  await turn();
  assertEquals(heard, ["owner", "end"]);
});

Deno.test("a read that fails is told to the owner, and the bridge reads no more", async () => {
  const { stream, bridge, heard } = flowing();
  bridge.onfailure = (error, during) =>
    heard.push(`${during}: ${(error as Error).message}`);
  await turn();
  await stream.reads.reject(new Error("reset"));
  await turn();
  assertEquals(heard, ["read: reset"]);
  bridge.demanded = true;
  assertEquals(stream.reads.count, 1);
});

Deno.test("a write that fails is told to the owner, and what comes can still be read", async () => {
  const { stream, bridge, heard } = flowing();
  bridge.onfailure = (error, during) =>
    heard.push(`${during}: ${(error as Error).message}`);
  bridge.write("12345", () => heard.push("dropped"));
  await turn();
  await stream.writes.reject(new Error("reset"));
  await turn();
  await stream.bring("an answer");
  assertEquals(heard, ["write: reset", "dropped", "an answer"]);
});

Deno.test("a destroyed bridge leaves its stream open: that is its owner's", async () => {
  const { stream, bridge, heard } = flowing();
  let closes = 0;
  stream.close = () => void closes++;
  await turn();
  bridge.destroy();
  await stream.bring("late");
  await turn();
  assertEquals([heard, closes], [[], 0]);
  assertStrictEquals(bridge.destroyed, true);
});
