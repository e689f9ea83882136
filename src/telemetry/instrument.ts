/**
 * Connects a dispatcher with Deno's OpenTelemetry.
 *
 * @module
 */

import { schedulerOf } from "../core/faces.ts";
import { watchRounds } from "../core/round_watch.ts";
import { wrongType } from "../errors/arguments.ts";
import type { Measured } from "./measured.ts";
import { telemetryOf } from "./open_telemetry.ts";
import { exportMetrics } from "./otel_metrics.ts";
import { SpanTracer } from "./otel_tracer.ts";

/**
 * Exports what a dispatcher does by Deno's OpenTelemetry: its metrics, and a
 * span for each connection of a server, TLS handshake, request by HTTP, FTP or
 * SMTP, and item that a worker of a queue handles. Spans that the program makes
 * itself belong to them, across threads, futures and queues. An HTTP request
 * carries its trace to the server, in the header `traceparent`.
 *
 * Where the program does not run with `OTEL_DENO=true`, nothing happens. Where
 * to, and how, is Deno's to know: `OTEL_EXPORTER_OTLP_ENDPOINT` and its kind.
 *
 * @param copas the dispatcher. One that is instrumented already stays as it is
 * @returns whether anything is exported: whether the program runs with
 * `OTEL_DENO=true`
 * @throws {TypeError} when `copas` is not a dispatcher
 *
 * @example A span of the program's own within that of the connection
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { instrument } from "jsr:@copas/copas/telemetry";
 *
 * instrument(copas);
 * const tracer = Deno.telemetry.tracerProvider.getTracer("shop");
 * copas.addserver(
 *   copas.socket.bind("127.0.0.1", 8080),
 *   copas.handler(async (skt) => {
 *     const order = await skt.receive();
 *     const span = tracer.startSpan("order");
 *     await skt.send(`${order}: done\n`);
 *     span.end();
 *   }),
 * );
 * await copas.loop();
 * ```
 */
export function instrument(copas: Measured): boolean {
  const isObject = typeof copas === "object" && copas !== null;
  const scheduler = isObject ? schedulerOf(copas) : undefined;
  if (scheduler === undefined) {
    throw wrongType("instrument()", "copas", "a dispatcher", copas);
  }
  if (scheduler.tracer !== undefined) return true;
  const telemetry = telemetryOf();
  if (telemetry === undefined) return false;
  scheduler.tracer = new SpanTracer(telemetry);
  const recorder = exportMetrics(copas, telemetry);
  scheduler.recorder = watchRounds(scheduler).recorder = recorder;
  return true;
}
