// A listener, against a script.

import { assert, assertEquals } from "@std/assert";
import { ListenerSource } from "../../src/readiness/listener_source.ts";
import { Selector } from "../../src/readiness/selector.ts";
import { turn } from "../fixtures/event_loop.ts";
import { Owner, ScriptedCalls } from "../fixtures/scripted_calls.ts";

function make() {
  const selector = new Selector();
  selector.driven = true;
  const accepts = new ScriptedCalls<void, string>();
  const owner = new Owner();
  const source = new ListenerSource(selector, {
    accept: () => accepts.call(),
  }, owner);
  return { selector, accepts, owner, source };
}

Deno.test("connections are accepted ahead, one at a time, and taken in their order", async () => {
  const { selector, accepts, owner, source } = make();
  source.arm();
  source.arm();
  await accepts.resolve("a");
  await accepts.resolve("b");
  assertEquals([accepts.count, accepts.most, source.accepted], [3, 1, 2]);
  assertEquals(selector.take(), [owner]);
  assertEquals([source.take(), source.take(), source.take()], [
    "a",
    "b",
    undefined,
  ]);
});

Deno.test("the connections accepted ahead are bounded", async () => {
  const { accepts, source } = make();
  source.arm();
  while (accepts.pending.length > 0) await accepts.resolve("c");
  assertEquals([accepts.count, source.accepted], [64, 64]);
  source.take();
  source.arm();
  assertEquals(accepts.count, 65);
  await accepts.resolve("c");
  assertEquals([accepts.pending.length, source.accepted], [0, 64]);
});

Deno.test("nothing is accepted while the dispatcher is not driven, save what had begun", async () => {
  const { selector, accepts, source } = make();
  source.arm();
  selector.driven = false;
  await accepts.resolve("a");
  assertEquals([accepts.count, source.accepted], [1, 1]);
  source.arm();
  assertEquals(accepts.count, 1);
  selector.driven = true;
  assertEquals(accepts.count, 2);
});

Deno.test("a connection that comes after the close is there for the owner to close", async () => {
  const { selector, accepts, owner, source } = make();
  source.arm();
  source.close();
  await accepts.resolve("late");
  assertEquals(selector.take(), [owner]);
  assertEquals(source.take(), "late");
  assertEquals(accepts.count, 1);
});

Deno.test("a failed accept is announced once, and kept until the owner clears it", async () => {
  const { selector, accepts, owner, source } = make();
  const error = new Deno.errors.ConnectionAborted("aborted");
  source.arm();
  await accepts.reject(error);
  assertEquals(source.failure, error);
  assertEquals(selector.take(), [owner]);
  source.arm();
  assertEquals(accepts.count, 1);
  source.failure = undefined;
  source.arm();
  assertEquals(accepts.count, 2);
});

Deno.test("an accept that throws at once is a failed accept", async () => {
  const selector = new Selector();
  selector.driven = true;
  const error = new TypeError("not a listener");
  const owner = new Owner();
  const source = new ListenerSource(selector, {
    accept: () => {
      throw error;
    },
  }, owner);
  source.arm();
  await turn();
  assertEquals(source.failure, error);
  assertEquals([selector.outstanding, selector.take()], [0, [owner]]);
  assert(!source.busy);
});
