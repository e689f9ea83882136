/**
 * What `copas.metrics()` tells: names, units, and how the values are put
 * together.
 *
 * @module
 */

import type { Attributes } from "./counts.ts";
import type { Distribution, Histogram } from "./histogram.ts";

/** A value of a metric, with what tells it apart from the others. */
export interface NumberPoint {
  /** The attributes, by the names of OpenTelemetry's conventions. */
  readonly attributes: Attributes;
  /** The value, in the unit of its metric. */
  readonly value: number;
}

/** A histogram of a metric, with what tells it apart from the others. */
export interface DistributionPoint extends Distribution {
  /** The attributes, by the names of OpenTelemetry's conventions. */
  readonly attributes: Attributes;
}

/** What all metrics have. */
export interface MetricInfo {
  /** The unit, as UCUM writes it: `"s"`, `"By"`, `"{connection}"`. */
  readonly unit: string;
  /** What is counted. */
  readonly description: string;
}

/** A metric that is a number. */
export interface NumberMetric extends MetricInfo {
  /** A `counter` only grows; an `updowncounter` is a sum that goes up and down; a `gauge` has no sum. */
  readonly type: "counter" | "updowncounter" | "gauge";
  /** One value for each set of attributes. */
  readonly points: readonly NumberPoint[];
}

/** A metric that is a histogram of durations. */
export interface DistributionMetric extends MetricInfo {
  /** Tells it apart from a {@linkcode NumberMetric}. */
  readonly type: "histogram";
  /** One histogram for each set of attributes. */
  readonly points: readonly DistributionPoint[];
}

/** A snapshot of what a dispatcher has counted, by name. Durations are in seconds. */
export interface Metrics {
  /** Connections that servers are serving. */
  readonly "copas.server.active_connections": NumberMetric;
  /** Connections that servers have accepted, those that were refused among them. */
  readonly "copas.server.accepted_connections": NumberMetric;
  /** Connections that were refused, by the limit (`copas.limit`) that refused them. */
  readonly "copas.server.rejected_connections": NumberMetric;
  /** Connections that were served and then closed by a limit (`copas.limit`). */
  readonly "copas.server.closed_connections": NumberMetric;
  /** How long connections lasted that have been served. */
  readonly "copas.server.connection.duration": DistributionMetric;
  /** TLS handshakes that failed, or took too long. */
  readonly "copas.server.failed_tls_handshakes": NumberMetric;
  /** Datagrams that the sockets of datagram servers have received and sent, by `network.io.direction`. */
  readonly "copas.server.datagrams": NumberMetric;
  /** Errors that left handlers and were reported, by `error.type`: the `code` of one of Copas's errors, or the class of another one. */
  readonly "copas.server.handler_errors": NumberMetric;
  /** Accepts that failed, most likely because no file descriptor was left. */
  readonly "copas.server.accept_failures": NumberMetric;
  /** Bytes that connections of servers keep waiting in memory. */
  readonly "copas.server.buffered": NumberMetric;
  /** How long TLS handshakes took, by `copas.tls.side`: `client` or `server`, and `error.type` for those that failed. */
  readonly "copas.tls.handshake.duration": DistributionMetric;
  /** Bytes received and sent over all sockets, by `network.io.direction`. */
  readonly "copas.network.io": NumberMetric;
  /** What calls of `receive` have given and calls of `send` have taken, datagrams among them, by `network.io.direction`. */
  readonly "copas.network.messages": NumberMetric;
  /** Threads that have not ended. */
  readonly "copas.thread.active": NumberMetric;
  /** Threads that have begun. */
  readonly "copas.thread.started": NumberMetric;
  /** Waits under way, by `copas.wait.kind`: `receive`, `send`, `sleep`, or `operation`. A wait for a lock, a queue and so on is a `sleep`. */
  readonly "copas.thread.waiting": NumberMetric;
  /** Errors that error handlers have got, by `error.type`. */
  readonly "copas.thread.errors": NumberMetric;
  /** Waits that have begun, by `copas.wait.kind`. */
  readonly "copas.wait.count": NumberMetric;
  /** Waits that ended because their time was up. */
  readonly "copas.wait.timeouts": NumberMetric;
  /** Waits that ended because their thread was removed or their signal aborted. */
  readonly "copas.wait.cancellations": NumberMetric;
  /** Calls that had to wait for a lock. */
  readonly "copas.lock.waits": NumberMetric;
  /** Items in queues, by `copas.queue.name`. */
  readonly "copas.queue.length": NumberMetric;
  /** How long HTTP requests took, by `http.request.method`, `server.address`, `server.port`, and `http.response.status_code` or `error.type`. */
  readonly "http.client.request.duration": DistributionMetric;
  /** How long requests by FTP and SMTP took, by `network.protocol.name`, `server.address`, `server.port` and `error.type`. */
  readonly "copas.client.request.duration": DistributionMetric;
  /** Rounds of the dispatcher. */
  readonly "copas.loop.rounds": NumberMetric;
  /** How long threads kept the event loop at a stretch. Measured from the first call of `metrics()` or `debug.slow()` on. */
  readonly "copas.loop.hold.duration": DistributionMetric;
  /** The longest of these. */
  readonly "copas.loop.hold.longest": NumberMetric;
  /** By how much deadlines were missed: of sleeps, timers, timeouts. Measured from the same time on. */
  readonly "copas.loop.lag": DistributionMetric;
}

/** The name of a metric. */
export type MetricName = keyof Metrics;

const COUNTER = "counter";
const SUM = "updowncounter";
const CATALOGUE: Record<
  MetricName,
  [NumberMetric["type"] | "histogram", unit: string, description: string]
> = {
  "copas.server.active_connections": [
    SUM,
    "{connection}",
    "Connections that servers are serving.",
  ],
  "copas.server.accepted_connections": [
    COUNTER,
    "{connection}",
    "Connections that servers have accepted.",
  ],
  "copas.server.rejected_connections": [
    COUNTER,
    "{connection}",
    "Connections that a limit refused.",
  ],
  "copas.server.closed_connections": [
    COUNTER,
    "{connection}",
    "Connections that a limit closed.",
  ],
  "copas.server.connection.duration": [
    "histogram",
    "s",
    "How long connections of servers lasted.",
  ],
  "copas.server.failed_tls_handshakes": [
    COUNTER,
    "{handshake}",
    "TLS handshakes that failed.",
  ],
  "copas.server.datagrams": [
    COUNTER,
    "{datagram}",
    "Datagrams that servers received and sent.",
  ],
  "copas.server.handler_errors": [
    COUNTER,
    "{error}",
    "Errors that left handlers.",
  ],
  "copas.server.accept_failures": [
    COUNTER,
    "{failure}",
    "Accepts that failed.",
  ],
  "copas.server.buffered": [
    SUM,
    "By",
    "Bytes that connections keep waiting in memory.",
  ],
  "copas.tls.handshake.duration": [
    "histogram",
    "s",
    "How long TLS handshakes took.",
  ],
  "copas.network.io": [COUNTER, "By", "Bytes received and sent."],
  "copas.network.messages": [
    COUNTER,
    "{message}",
    "Messages and datagrams received and sent.",
  ],
  "copas.thread.active": [SUM, "{thread}", "Threads that have not ended."],
  "copas.thread.started": [COUNTER, "{thread}", "Threads that have begun."],
  "copas.thread.waiting": [SUM, "{wait}", "Waits under way."],
  "copas.thread.errors": [
    COUNTER,
    "{error}",
    "Errors that error handlers have got.",
  ],
  "copas.wait.count": [COUNTER, "{wait}", "Waits that have begun."],
  "copas.wait.timeouts": [COUNTER, "{wait}", "Waits that timed out."],
  "copas.wait.cancellations": [
    COUNTER,
    "{wait}",
    "Waits that were cancelled.",
  ],
  "copas.lock.waits": [
    COUNTER,
    "{wait}",
    "Calls that had to wait for a lock.",
  ],
  "copas.queue.length": [SUM, "{item}", "Items in queues."],
  "http.client.request.duration": [
    "histogram",
    "s",
    "Duration of HTTP client requests.",
  ],
  "copas.client.request.duration": [
    "histogram",
    "s",
    "Duration of FTP and SMTP requests.",
  ],
  "copas.loop.rounds": [COUNTER, "{round}", "Rounds of the dispatcher."],
  "copas.loop.hold.duration": [
    "histogram",
    "s",
    "How long threads kept the event loop at a stretch.",
  ],
  "copas.loop.hold.longest": [
    "gauge",
    "s",
    "The longest time for which threads kept the event loop.",
  ],
  "copas.loop.lag": ["histogram", "s", "By how much deadlines were missed."],
};

/** Something that has numbers to tell: a server, the maker of queues. */
export interface Metered {
  /** Puts its numbers into `sheet`. */
  measure(sheet: MetricSheet): void;
}

/** A snapshot in the making. */
export class MetricSheet {
  readonly #metrics: Metrics;

  constructor() {
    this.#metrics = Object.fromEntries(
      Object.entries(CATALOGUE).map(([name, [type, unit, description]]) => [
        name,
        { type, unit, description, points: [] },
      ]),
    ) as unknown as Metrics;
  }

  /** Adds a value. */
  add(name: MetricName, value: number, attributes: Attributes = {}): void {
    (this.#metrics[name].points as NumberPoint[]).push({ attributes, value });
  }

  /** Adds a value for each key of `values`, with the key as a further attribute. */
  addEach(
    name: MetricName,
    values: Readonly<Record<string, number>> | Iterable<[string, number]>,
    key: string,
    attributes?: Attributes,
  ): void {
    const entries = Symbol.iterator in values
      ? values as Iterable<[string, number]>
      : Object.entries(values);
    for (const [label, value] of entries) {
      this.add(name, value, { ...attributes, [key]: label });
    }
  }

  /** Adds a histogram. */
  addDurations(
    name: MetricName,
    durations: Histogram,
    attributes: Attributes = {},
  ): void {
    const points = this.#metrics[name].points as DistributionPoint[];
    points.push({ attributes, ...durations.read() });
  }

  /** The snapshot. */
  get metrics(): Metrics {
    return this.#metrics;
  }
}
