// What a wait is for, in words.

import { assertEquals } from "@std/assert";
import type { AnyWait } from "../../src/core/wait.ts";
import { describeWait } from "../../src/core/wait_purpose.ts";

Deno.test("a wait is described with its socket, unless that is the reader's own, or by its tool", () => {
  const socket = { name: "backend" };
  const tool = { toString: () => "lock_1: owned by thread_2" };
  const describe = (wait: object, own?: unknown) =>
    describeWait(wait as AnyWait, own);
  assertEquals(describe({ kind: "read", socket }), "receive on backend");
  assertEquals(describe({ kind: "write", socket }, socket), "send");
  assertEquals(describe({ kind: "outside" }), "operation");
  assertEquals(describe({ kind: "sleep", tool }), `${tool}`);
});
