// How the engine waits for its own promises.

import { assertRejects } from "@std/assert";
import { onAbort } from "../../src/cluster_nats/patience.ts";

Deno.test("a wait whose signal has aborted before fails at once", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const signal = AbortSignal.abort(new Error("given up"));
  await assertRejects(() => onAbort(promise, signal), Error, "given up");
  resolve();
});
