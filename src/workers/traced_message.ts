/**
 * The trace of a posted value, from the main thread into a worker.
 *
 * @module
 */

import { schedulerOf } from "../core/faces.ts";
import type { Posted } from "./messages.ts";

/** Handles a posted value, within a span where the worker has an instrumentation. */
export async function handlePosted(
  copas: object,
  { value, trace }: Posted,
  onmessage: (value: unknown) => unknown,
): Promise<void> {
  const tracer = schedulerOf(copas)?.tracer;
  if (tracer === undefined) return void await onmessage(value);
  const activity = tracer.begin({
    kind: "item",
    name: "process onmessage",
    attributes: {
      "messaging.system": "copas",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": "onmessage",
    },
    context: trace === undefined ? undefined : tracer.deserialize(trace),
  });
  try {
    await activity.run(() => onmessage(value));
    activity.end();
  } catch (error) {
    activity.end(error);
    throw error;
  }
}
