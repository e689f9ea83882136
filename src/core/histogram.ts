/**
 * Durations, counted by how long they are.
 *
 * @module
 */

/** A histogram at one moment. Durations are in seconds. */
export interface Distribution {
  /** How many durations there were. */
  readonly count: number;
  /** All of them together. */
  readonly sum: number;
  /** The shortest; 0 when there was none. */
  readonly min: number;
  /** The longest; 0 when there was none. */
  readonly max: number;
  /** The upper bounds of the buckets, the least first. Above the last one there is one more bucket. */
  readonly bounds: readonly number[];
  /** How many durations each bucket has: those up to its bound, and above the bound before it. */
  readonly buckets: readonly number[];
}

/** The metrics that are histograms of durations. */
export type DurationName =
  | "copas.server.connection.duration"
  | "copas.tls.handshake.duration"
  | "http.client.request.duration"
  | "copas.client.request.duration"
  | "copas.loop.hold.duration"
  | "copas.loop.lag";

/** The bounds for times in which the event loop has to wait. */
const LOOP_BOUNDS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05],
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10],
];

/** The bounds that the conventions of OpenTelemetry give for requests and handshakes. */
const REQUEST_BOUNDS = [
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25],
  ...[0.5, 0.75, 1, 2.5, 5, 7.5, 10],
];

/** Those for connections, as Kestrel has them. */
const CONNECTION_BOUNDS = [
  ...[0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
  ...[1, 2, 5, 10, 30, 60, 120, 300],
];

/** The bounds of each metric, in seconds. */
export const BOUNDS: Readonly<Record<DurationName, readonly number[]>> = {
  "copas.server.connection.duration": CONNECTION_BOUNDS,
  "copas.tls.handshake.duration": REQUEST_BOUNDS,
  "http.client.request.duration": REQUEST_BOUNDS,
  "copas.client.request.duration": REQUEST_BOUNDS,
  "copas.loop.hold.duration": LOOP_BOUNDS,
  "copas.loop.lag": LOOP_BOUNDS,
};

/** Counts durations in buckets. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #buckets: number[];
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#buckets = new Array(bounds.length + 1).fill(0);
  }

  /** Counts a duration. */
  record(seconds: number): void {
    this.#count++;
    this.#sum += seconds;
    if (seconds < this.#min) this.#min = seconds;
    if (seconds > this.#max) this.#max = seconds;
    let bucket = 0;
    // Most are short.
    while (seconds > this.#bounds[bucket]) bucket++;
    this.#buckets[bucket]++;
  }

  /** What was counted so far, as values of their own. */
  read(): Distribution {
    return {
      count: this.#count,
      sum: this.#sum,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
      bounds: this.#bounds,
      buckets: [...this.#buckets],
    };
  }
}
