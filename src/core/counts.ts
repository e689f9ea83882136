/**
 * What a dispatcher counts as it goes, for `copas.metrics()`. Plain numbers, so
 * that counting costs an addition.
 *
 * @module
 */

import { CopasError } from "../errors/errors.ts";
import { Histogram, REQUEST_BOUNDS } from "./histogram.ts";

/** What tells the values of one metric apart. */
export type Attributes = Readonly<Record<string, string | number>>;

/** The counters of one dispatcher. */
export class Counts {
  /** Waits that have begun, by what they were for. */
  readonly waits = { read: 0, write: 0, sleep: 0, outside: 0 };
  /** Waits that ended because their time was up. */
  timeouts = 0;
  /** Waits that ended because their thread was removed or their signal aborted. */
  cancellations = 0;
  /** Calls that had to wait for a lock. */
  lockWaits = 0;
  /** What calls of `receive` and its kind have given, and datagrams that were received. */
  messagesReceived = 0;
  /** What calls of `send` have taken, and datagrams that were sent. */
  messagesSent = 0;
  /** Threads that have begun. */
  threads = 0;
  /** Errors that error handlers have got, by {@linkcode errorType}. */
  readonly errors: Record<string, number> = {};
  /** Requests, by protocol and outcome. */
  readonly requests: LabelledHistograms = new LabelledHistograms(
    REQUEST_BOUNDS,
  );
}

/** What metrics and spans call an error: its `code` for one of Copas's errors, else the name of its class. */
export function errorType(error: unknown): string {
  if (error instanceof CopasError) return error.code;
  if (error instanceof Error) return error.name;
  return typeof error;
}

/** Counts one more under `key`. */
export function countUnder(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** So many sets of attributes are told apart: a peer may choose what is in them. */
const MOST_SETS = 500;

/** The attributes of all that comes after: the name is OpenTelemetry's. */
const OVERFLOW: Attributes = { "otel.metric.overflow": "true" };

/** A histogram for each set of attributes. */
export class LabelledHistograms {
  readonly #bounds: readonly number[];
  readonly #sets = new Map<string, [Attributes, Histogram]>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  /** Counts a duration. */
  record(seconds: number, attributes: Attributes): void {
    let key = JSON.stringify(attributes);
    if (!this.#sets.has(key) && this.#sets.size >= MOST_SETS) {
      attributes = OVERFLOW;
      key = "";
    }
    let known = this.#sets.get(key);
    if (known === undefined) {
      known = [attributes, new Histogram(this.#bounds)];
      this.#sets.set(key, known);
    }
    known[1].record(seconds);
  }

  /** The histograms, with their attributes. */
  [Symbol.iterator](): MapIterator<[Attributes, Histogram]> {
    return this.#sets.values();
  }
}
