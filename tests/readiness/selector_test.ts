// What is ready, and when operations may begin.

import { assert, assertEquals, assertFalse } from "@std/assert";
import { ListNode } from "../../src/collections/linked_list.ts";
import { Selector } from "../../src/readiness/selector.ts";
import { turn } from "../fixtures/event_loop.ts";
import { Owner } from "../fixtures/scripted_calls.ts";

Deno.test("what is announced is handed over once, in order, and into a new queue", () => {
  const selector = new Selector();
  const [a, b] = [new Owner(), new Owner()];
  assert(selector.empty);
  selector.ready(a);
  selector.ready(b);
  selector.ready(a);
  assertFalse(selector.empty);
  const taken = selector.take();
  assertEquals(taken, [a, b, a]);
  selector.ready(b);
  assertEquals(taken.length, 3);
  assertEquals(selector.take(), [b]);
  assertEquals(selector.take(), []);
});

Deno.test("an operation begins at once while the dispatcher is driven, else as soon as it is", () => {
  const selector = new Selector();
  const started: string[] = [];
  const begin = (name: string) =>
    selector.begin({ start: () => void started.push(name) });
  begin("a");
  begin("b");
  assertEquals(started, []);
  selector.driven = true;
  assertEquals(started, ["a", "b"]);
  begin("c");
  assertEquals(started, ["a", "b", "c"]);
  selector.driven = false;
  begin("d");
  selector.driven = false;
  assertEquals(started, ["a", "b", "c"]);
  selector.driven = true;
  assertEquals(started, ["a", "b", "c", "d"]);
});

Deno.test("what may wait for the end of the turn begins there, if the dispatcher is still driven", () => {
  const ends: { atEndOfTurn(): void }[] = [];
  const selector = new Selector({ startAtEnd: (item) => void ends.push(item) });
  const started: string[] = [];
  const begin = (name: string) =>
    selector.beginAtTurnEnd({ start: () => void started.push(name) });
  begin("a");
  assertEquals(ends, []);
  selector.driven = true;
  assertEquals(started, ["a"]);
  begin("b");
  begin("c");
  assertEquals([started, ends], [["a"], [selector]]);
  ends.pop()!.atEndOfTurn();
  assertEquals(started, ["a", "b", "c"]);
  begin("d");
  selector.driven = false;
  ends.pop()!.atEndOfTurn();
  assertEquals(started, ["a", "b", "c"]);
  selector.driven = true;
  assertEquals(started, ["a", "b", "c", "d"]);
});

Deno.test("what is under way when the loop ends is let go, what has ended is not", () => {
  const selector = new Selector();
  const letGo: string[] = [];
  const hold = (name: string) => {
    const item = new ListNode({ letGo: () => void letGo.push(name) });
    selector.hold(item);
    return item;
  };
  selector.looping = true;
  const [first, , middle, last] = ["a", "b", "c", "d", "e"].map(hold);
  assertEquals(selector.outstanding, 5);
  selector.drop(middle);
  selector.drop(first);
  selector.drop(last);
  assertEquals([selector.outstanding, letGo], [2, []]);
  selector.looping = false;
  assertEquals(letGo, ["b", "e"]);
});

Deno.test("a rest ends with the next announcement, not with an earlier one", async () => {
  const selector = new Selector();
  selector.wake();
  selector.ready(new Owner());
  let rested = false;
  const rest = selector.rest().then(() => rested = true);
  await turn();
  assertFalse(rested);
  selector.ready(new Owner());
  await rest;
});

Deno.test("all completions of one turn are there when the rest ends", async () => {
  const selector = new Selector();
  const gate = Promise.withResolvers<void>();
  for (let i = 0; i < 5; i++) {
    gate.promise.then(() => selector.ready(new Owner()));
  }
  gate.resolve();
  await selector.rest();
  assertEquals(selector.take().length, 5);
});
