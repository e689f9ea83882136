/**
 * How the dispatcher tells an instrumentation what it begins and ends. Without
 * one, none of this is called.
 *
 * @module
 */

import type { Attributes } from "./counts.ts";

/** What takes time and is worth a span. */
export type ActivityKind = "connection" | "handshake" | "request" | "item";

/** What an instrumentation is told of an activity that begins. */
export interface ActivityStart {
  readonly kind: ActivityKind;
  /** The name of its span. */
  readonly name: string;
  readonly attributes: Attributes;
  /** The context to which it belongs, as `capture` gave it; default: the caller's. */
  readonly context?: unknown;
}

/** An activity under way. */
export interface Activity {
  /** Calls `fn` so that all that begins in it belongs to the activity. */
  run<T>(fn: () => T): T;
  /** Adds what was not known when it began. */
  set(attributes: Attributes): void;
  /** It is over, with an error perhaps. */
  end(error?: unknown): void;
}

/** An instrumentation. */
export interface Tracer {
  /** An activity begins. */
  begin(start: ActivityStart): Activity;
  /** The context of the caller, for what another thread does later on its behalf. */
  capture(): unknown;
  /** The context of the caller as text, for another worker; `undefined` outside of every span. */
  serialize(): string | undefined;
  /** The context that `serialize` has written, perhaps in another worker. */
  deserialize(text: string): unknown;
}
