/**
 * What a server tells of its connections, in counters and to an
 * instrumentation.
 *
 * @module
 */

import { type Attributes, ErrorCounts } from "../core/counts.ts";
import { BOUNDS, Histogram } from "../core/histogram.ts";
import type { Metered, MetricSheet } from "../core/metrics.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { addressAttributes, peerAttributes } from "../net/address.ts";
import { endpointOf } from "../socket/internals.ts";
import type { ConnectionThread } from "./connection_thread.ts";
import {
  copyCounters,
  countIn,
  newCounters,
  type ServerCounters,
} from "./counters.ts";

const DURATION = "copas.server.connection.duration";

/** The server of a meter. */
export interface MeteredServer {
  readonly name: string;
  readonly addr: Deno.Addr;
  readonly serving: number;
  readonly buffered: number;
  /** How many accepts have failed. */
  readonly acceptFailures: number;
}

/** Counts for one server. */
export class ServerMeter implements Metered {
  readonly counters: ServerCounters = newCounters();
  readonly #scheduler: Scheduler;
  readonly #server: MeteredServer;
  /** Errors of handlers, by type. */
  readonly #errors = new ErrorCounts();
  readonly #durations = new Histogram(BOUNDS[DURATION]);
  #isRemoved = false;

  constructor(scheduler: Scheduler, server: MeteredServer) {
    this.#scheduler = scheduler;
    this.#server = server;
  }

  /** The server begins. */
  begin(): void {
    this.#isRemoved = false;
    this.#scheduler.metered.add(this);
  }

  /** The server accepts no more: it is told of as long as it has connections. */
  remove(): void {
    this.#isRemoved = true;
    this.#forget();
  }

  #forget(): void {
    if (!this.#isRemoved || this.#server.serving > 0) return;
    this.#scheduler.metered.delete(this);
  }

  /** Copies the counters. */
  copy(): ServerCounters {
    return copyCounters(this.counters);
  }

  /** Counts a connection that a limit has refused. */
  refused(by: string): void {
    countIn(this.counters.refused, by);
  }

  /** Counts a connection that a limit has closed. */
  closed(by: string): void {
    countIn(this.counters.closed, by);
  }

  /** Runs the thread of a connection, within a span where there is an instrumentation. */
  run(thread: ConnectionThread, conn: Deno.Conn, start: () => void): void {
    const { tracer } = this.#scheduler;
    if (tracer === undefined) return start();
    thread.activity = tracer.begin({
      kind: "connection",
      name: "connection",
      attributes: { ...this.#attributes, ...peerAttributes(conn.remoteAddr) },
    });
    thread.activity.run(start);
  }

  /** An error has left a handler. */
  failed(thread: ConnectionThread, error: unknown): void {
    if (endpointOf(thread.connection).isHandshakeFailed) {
      this.counters.failedHandshakes++;
    } else if (!this.#scheduler.isOrdinary(thread, error)) {
      this.counters.handlerErrors++;
      this.#errors.add(error);
    } else return;
    thread.failure = error;
  }

  /** A connection has been served. */
  served({ connection, activity, failure }: ConnectionThread): void {
    const endpoint = endpointOf(connection);
    const { recorder } = this.#scheduler;
    this.#durations.record(endpoint.age);
    recorder?.(DURATION, endpoint.age, this.#attributes);
    if (activity !== undefined) {
      const [received, sent] = endpoint.counts;
      activity.set({
        "copas.connection.received": received,
        "copas.connection.sent": sent,
      });
      activity.end(failure);
    }
    this.#forget();
  }

  get #attributes(): Attributes {
    const { name, addr } = this.#server;
    return { "copas.server.name": name, ...addressAttributes(addr) };
  }

  measure(sheet: MetricSheet): void {
    const attributes = this.#attributes;
    const { serving, buffered, acceptFailures } = this.#server;
    const { accepted, refused, closed, failedHandshakes } = this.counters;
    const add = (
      name: Parameters<MetricSheet["add"]>[0],
      value: number,
    ) => sheet.add(name, value, attributes);
    add("copas.server.active_connections", serving);
    add("copas.server.accepted_connections", accepted);
    add("copas.server.failed_tls_handshakes", failedHandshakes);
    add("copas.server.accept_failures", acceptFailures);
    add("copas.server.buffered", buffered);
    const by = "copas.limit";
    sheet.addEach("copas.server.rejected_connections", refused, by, attributes);
    sheet.addEach("copas.server.closed_connections", closed, by, attributes);
    sheet.addEach(
      "copas.server.handler_errors",
      this.#errors,
      "error.type",
      attributes,
    );
    sheet.addDurations(DURATION, this.#durations, attributes);
  }
}
