/**
 * What a dispatcher counts as it goes, for `copas.metrics()`. Plain numbers, so
 * that counting costs an addition.
 *
 * @module
 */

import { CopasError } from "../errors/errors.ts";
import { BOUNDS, Histogram } from "./histogram.ts";

/** What tells the values of one metric apart. */
export type Attributes = Readonly<Record<string, string | number>>;

/** The metrics of requests. */
export type RequestMetric =
  | "http.client.request.duration"
  | "copas.client.request.duration";

/** The counters of one dispatcher. */
export class Counters {
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
  readonly errors: ErrorCounts = new ErrorCounts();
  /** Requests, by the metric that tells of them. */
  readonly requests: Readonly<Record<RequestMetric, LabelledHistograms>> = {
    "http.client.request.duration": new LabelledHistograms(
      BOUNDS["http.client.request.duration"],
    ),
    "copas.client.request.duration": new LabelledHistograms(
      BOUNDS["copas.client.request.duration"],
    ),
  };
  /** TLS handshakes, by side and outcome. */
  readonly handshakes: LabelledHistograms = new LabelledHistograms(
    BOUNDS["copas.tls.handshake.duration"],
  );
}

/** What metrics and spans call an error: its `code` for one of Copas's errors, else the name of its class. */
export function errorType(error: unknown): string {
  if (error instanceof CopasError) return error.code;
  if (!(error instanceof Error)) return typeof error;
  try {
    return String(error.name);
  } catch {
    return "Error"; // its class may define the name as it likes
  }
}

/** So many types of errors are told apart. */
const MOST_TYPES = 100;
/** All others: the name is OpenTelemetry's. */
const OTHER = "_OTHER";

/** Errors by {@linkcode errorType}. A program may give them any name. */
export class ErrorCounts {
  readonly #counts = new Map<string, number>();

  /** Counts an error. */
  add(error: unknown): void {
    const counts = this.#counts;
    let type = errorType(error);
    if (!counts.has(type) && counts.size >= MOST_TYPES) type = OTHER;
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }

  /** How many there were of each type. */
  [Symbol.iterator](): MapIterator<[string, number]> {
    return this.#counts.entries();
  }
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
