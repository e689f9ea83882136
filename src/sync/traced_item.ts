/**
 * An item of a queue, with the span in which it was pushed.
 *
 * @module
 */

import type { Tracer } from "../core/tracer.ts";

/** An item that was pushed while there was an instrumentation. */
export class TracedItem<T> {
  constructor(readonly item: T, readonly context: unknown) {}
}

/** What a queue holds. */
export type Carried<T> = T | TracedItem<T>;

/** The item, with the span of the caller. */
export function traced<T>(item: T, tracer: Tracer): TracedItem<T> {
  return new TracedItem(item, tracer.capture());
}

/** The item that was pushed. */
export function untraced<T>(carried: Carried<T>): T {
  return carried instanceof TracedItem ? carried.item : carried;
}
