// The linked list, against an array.

import { assertEquals } from "@std/assert";
import { LinkedList, ListNode } from "../../src/collections/linked_list.ts";
import { randomly } from "../fixtures/seeded_random.ts";

Deno.test("items stand in the order in which they were added, and leave from any place", () => {
  const list = new LinkedList<string>();
  assertEquals([list.oldest, list.newest, list.size], [
    undefined,
    undefined,
    0,
  ]);
  const [a, b, c, d] = [..."abcd"].map((item) => new ListNode(item));
  for (const node of [a, b, c, d]) list.append(node);
  assertEquals([[...list].join(""), list.size], ["abcd", 4]);
  list.remove(b);
  list.remove(d);
  assertEquals([[...list].join(""), list.oldest, list.newest], [
    "ac",
    "a",
    "c",
  ]);
  list.remove(a);
  list.append(b);
  assertEquals([...list].join(""), "cb");
});

Deno.test("the removal of a node that stands in no list changes nothing", () => {
  const list = new LinkedList<string>();
  const [a, b] = [new ListNode("a"), new ListNode("b")];
  list.append(a);
  list.remove(b);
  list.remove(a);
  list.remove(a);
  list.append(b);
  assertEquals([[...list], list.size], [["b"], 1]);
});

Deno.test("the item that was yielded last may leave the list", () => {
  const list = new LinkedList<string>();
  const nodes = new Map(
    [..."abc"].map((item) => [item, new ListNode(item)]),
  );
  for (const node of nodes.values()) list.append(node);
  const seen: string[] = [];
  for (const item of list) {
    seen.push(item);
    list.remove(nodes.get(item)!);
  }
  assertEquals([seen.join(""), list.size], ["abc", 0]);
});

Deno.test("the list does what an array does, whatever is done to it", () =>
  randomly((random) => {
    const list = new LinkedList<number>();
    let model: ListNode<number>[] = [];
    for (let item = 0; item < 1000; item++) {
      if (random.below(2) === 0) {
        const node = new ListNode(item);
        list.append(node);
        model.push(node);
      } else if (model.length > 0) {
        const removed = random.pick(model);
        list.remove(removed);
        model = model.filter((entry) => entry !== removed);
      }
      const items = model.map((entry) => entry.item);
      assertEquals([...list], items);
      assertEquals(list.size, items.length);
      assertEquals([list.oldest, list.newest], [items[0], items.at(-1)]);
      assertEquals(list.some((one) => one === item), items.includes(item));
    }
  }));
