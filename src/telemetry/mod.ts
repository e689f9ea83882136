/**
 * OpenTelemetry and Prometheus: what a dispatcher does, as traces and metrics
 * in the tools that operators have.
 *
 * @example OpenTelemetry, where the program runs with `OTEL_DENO=true`
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { instrument } from "jsr:@copas/copas/telemetry";
 *
 * instrument(copas);
 * const listener = copas.socket.bind("127.0.0.1", 8080);
 * copas.addserver(
 *   listener,
 *   copas.handler(async (skt) => void await skt.send("hello\n")),
 *   { name: "hello" },
 * );
 * await copas.loop();
 * ```
 *
 * @example Prometheus
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { prometheus } from "jsr:@copas/copas/telemetry";
 *
 * const page = Deno.serve({ hostname: "127.0.0.1", port: 9100 }, () =>
 *   new Response(prometheus(copas), {
 *     headers: { "Content-Type": "text/plain; version=0.0.4" },
 *   }));
 * await copas.loop();
 * await page.shutdown();
 * ```
 *
 * @module
 */

export { instrument } from "./instrument.ts";
export { prometheus } from "./prometheus.ts";
export type { Measured } from "./measured.ts";
export type { Attributes } from "../core/counts.ts";
export type { Distribution } from "../core/histogram.ts";
export type {
  DistributionMetric,
  DistributionPoint,
  MetricInfo,
  Metrics,
  NumberMetric,
  NumberPoint,
} from "../core/metrics.ts";
