// One call of Deno's, or any promise.

import { assert, assertEquals } from "@std/assert";
import { Operation } from "../../src/readiness/operation.ts";
import { Selector } from "../../src/readiness/selector.ts";
import { turn } from "../fixtures/event_loop.ts";
import { ScriptedCalls } from "../fixtures/scripted_calls.ts";

const error = new Error("no luck");

function make(driven = true) {
  const selector = new Selector();
  selector.driven = driven;
  const heard: unknown[] = [];
  const start = (begin: () => PromiseLike<unknown>) =>
    new Operation(
      selector,
      begin,
      (value) => heard.push("resolved", value),
      (error) => heard.push("rejected", error),
    );
  const dispatch = () => selector.take().forEach((item) => item.dispatch());
  return { selector, heard, start, dispatch };
}

Deno.test("an operation begins when the dispatcher is driven, and once", () => {
  const { selector, start } = make(false);
  const calls = new ScriptedCalls<void, void>();
  start(() => calls.call());
  assertEquals(calls.count, 0);
  selector.driven = true;
  selector.driven = false;
  selector.driven = true;
  assertEquals([calls.count, selector.outstanding], [1, 1]);
});

Deno.test("the outcome is handed on when it is dispatched, not before", async () => {
  for (const outcome of ["resolved", "rejected"]) {
    const { selector, heard, start, dispatch } = make();
    start(() =>
      outcome === "resolved" ? Promise.resolve(7) : Promise.reject(7)
    );
    await turn();
    assertEquals([heard.length, selector.outstanding], [0, 0]);
    dispatch();
    assertEquals(heard, [outcome, 7]);
  }
});

Deno.test("a call that throws at once is rejected", async () => {
  const { selector, heard, start, dispatch } = make();
  start(() => {
    throw error;
  });
  await turn();
  dispatch();
  assertEquals(heard, ["rejected", error]);
  assertEquals(selector.outstanding, 0);
});

Deno.test("a thenable may throw, or settle twice: the first outcome counts", async () => {
  const { selector, heard, start, dispatch } = make();
  start(() => ({
    then(): never {
      throw error;
    },
  }));
  // deno-lint-ignore no-explicit-any -- a thenable as wrong as can be
  start((): any => ({
    then(resolve: (value: number) => void, reject: (error: number) => void) {
      resolve(1);
      resolve(2);
      reject(3);
    },
  }));
  await turn();
  dispatch();
  assertEquals(heard, ["rejected", error, "resolved", 1]);
  assertEquals(selector.outstanding, 0);
});

Deno.test("an operation that is cancelled before it began never begins", async () => {
  const { selector, heard, start, dispatch } = make(false);
  const calls = new ScriptedCalls<void, void>();
  const operation = start(() => calls.call());
  operation.cancel();
  selector.driven = true;
  await turn();
  dispatch();
  assertEquals([calls.count, selector.outstanding, heard.length], [0, 0, 0]);
});

Deno.test("an operation that has begun cannot be cancelled: its outcome is handed on", async () => {
  const { heard, start, dispatch } = make();
  const calls = new ScriptedCalls<void, string>();
  const operation = start(() => calls.call());
  operation.cancel();
  await calls.resolve("late");
  dispatch();
  assertEquals(heard, ["resolved", "late"]);
  assert(calls.pending.length === 0);
});
