// A datagram socket, against a script.

import { assert, assertEquals } from "@std/assert";
import { DatagramSource } from "../../src/readiness/datagram_source.ts";
import { Selector } from "../../src/readiness/selector.ts";
import { Owner, ScriptedCalls } from "../fixtures/scripted_calls.ts";

function make(driven = true) {
  const selector = new Selector();
  selector.driven = driven;
  const receives = new ScriptedCalls<Uint8Array, [Uint8Array, string]>();
  const owner = new Owner();
  const source = new DatagramSource(selector, {
    receive: receives.call,
  }, owner);
  const bring = (text: string, from: string) => {
    const into = receives.pending[0];
    const { written } = new TextEncoder().encodeInto(text, into);
    return receives.resolve([into.subarray(0, written), from]);
  };
  const take = () => {
    const datagram = source.take();
    return datagram && [new TextDecoder().decode(datagram[0]), datagram[1]];
  };
  return { selector, receives, owner, source, bring, take };
}

Deno.test("datagrams come one at a time, each with its sender", async () => {
  const { selector, receives, owner, source, bring, take } = make();
  source.arm();
  source.arm();
  await bring("one", "a");
  assertEquals(selector.take(), [owner]);
  assertEquals(take(), ["one", "a"]);
  assertEquals(take(), undefined);
  source.arm();
  await bring("", "b");
  assertEquals(take(), ["", "b"]);
  assertEquals([receives.count, receives.most], [2, 1]);
});

Deno.test("a datagram is not overwritten before it was taken", async () => {
  const { receives, source, bring, take } = make();
  source.arm();
  await bring("first", "a");
  source.arm();
  assertEquals(receives.count, 1);
  assertEquals(take(), ["first", "a"]);
  source.arm();
  assertEquals(receives.count, 2);
});

Deno.test("the longest datagram of UDP fits", () => {
  const { receives, source } = make();
  source.arm();
  assert(receives.pending[0].length >= 65507);
});

Deno.test("no receive begins while the dispatcher is not driven", async () => {
  const { selector, receives, source, bring, take } = make(false);
  source.arm();
  assertEquals(receives.count, 0);
  selector.driven = true;
  selector.driven = false;
  await bring("late", "a");
  assertEquals(take(), ["late", "a"]);
});

Deno.test("a failed receive is kept; one that the close ended is not", async () => {
  const { selector, receives, source } = make();
  const error = new Error("no more");
  source.arm();
  await receives.reject(error);
  assertEquals([source.failure, selector.take().length], [error, 1]);
  source.arm();
  assertEquals(receives.count, 1);

  const other = make();
  other.source.arm();
  other.source.close();
  await other.receives.reject(new Deno.errors.Interrupted("canceled"));
  assertEquals(other.source.failure, undefined);
  assert(other.selector.empty);
});
