/**
 * Counts requests, and tells an instrumentation of them.
 *
 * @module
 */

import {
  type Attributes,
  errorType,
  type RequestMetric,
} from "../core/counts.ts";
import { schedulerOf } from "../core/faces.ts";
import type { Tracer } from "../core/tracer.ts";
import type { RequestHost } from "./host.ts";

/** A request that begins. */
export interface RequestStart {
  /** The name of its span. */
  readonly name: string;
  /** What is known of it, for the span and for the metric. */
  readonly attributes: Attributes;
  /** What is for the span alone: it would have too many values for a metric. */
  readonly details?: () => Attributes;
}

/**
 * Does `work`, and counts how long it took and how it ended.
 *
 * @param metric the metric for its duration
 * @param describe called at the beginning
 * @param work does the request; it gets the instrumentation, if there is one
 * @param outcome what the result adds
 */
export async function observed<T>(
  host: RequestHost,
  metric: RequestMetric,
  { name, attributes, details }: RequestStart,
  work: (tracer?: Tracer) => Promise<T>,
  outcome: (result: T) => Attributes = () => ({}),
): Promise<T> {
  const scheduler = schedulerOf(host);
  if (scheduler === undefined) return await work();
  const { tracer, clock, counts } = scheduler;
  const began = clock.now();
  const activity = tracer?.begin({
    kind: "request",
    name,
    attributes: { ...attributes, ...details?.() },
  });
  const ended = (more: Attributes, error?: unknown) => {
    const seconds = clock.now() - began;
    const all = { ...attributes, ...more };
    counts.requests[metric].record(seconds, all);
    scheduler.recorder?.(metric, seconds, all);
    activity?.set(more);
    activity?.end(error);
  };
  try {
    const doWork = () => work(tracer);
    const result = await (activity?.run(doWork) ?? doWork());
    ended(outcome(result));
    return result;
  } catch (error) {
    ended({ "error.type": errorType(error) }, error);
    throw error;
  }
}
