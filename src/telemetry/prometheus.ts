/**
 * Metrics in the text format of Prometheus.
 *
 * @module
 */

import type { Attributes } from "../core/counts.ts";
import type {
  DistributionPoint,
  MetricInfo,
  Metrics,
  NumberPoint,
} from "../core/metrics.ts";
import { wrongType } from "../errors/arguments.ts";
import type { Measured } from "./measured.ts";

/** Units as they stand in names. What is counted in pieces has none. */
const UNITS: Record<string, string> = { s: "_seconds", By: "_bytes" };

/**
 * Writes the metrics of a dispatcher in the text format of Prometheus
 * (`text/plain; version=0.0.4`), for a page that is scraped. Dots in names
 * become underscores, units are part of the names, and counters end with
 * `_total`, as OpenTelemetry's conventions for Prometheus have it.
 *
 * @param copas the dispatcher
 * @returns the page
 * @throws {TypeError} when `copas` has no metrics
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { prometheus } from "jsr:@copas/copas/telemetry";
 *
 * console.log(prometheus(copas));
 * ```
 */
export function prometheus(copas: Measured): string {
  const isMeasured = typeof copas === "object" && copas !== null &&
    typeof copas.metrics === "function";
  if (!isMeasured) {
    throw wrongType("prometheus()", "copas", "a dispatcher", copas);
  }
  const metrics: Metrics = copas.metrics();
  const lines: string[] = [];
  for (const [name, metric] of Object.entries(metrics)) {
    if (metric.points.length > 0) addMetric(lines, name, metric);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function addMetric(
  lines: string[],
  name: string,
  metric: Metrics[keyof Metrics],
): void {
  const full = nameOf(name, metric);
  const type = metric.type === "updowncounter" ? "gauge" : metric.type;
  lines.push(`# HELP ${full} ${escaped(metric.description)}`);
  lines.push(`# TYPE ${full} ${type}`);
  for (const point of metric.points) {
    if ("value" in point) lines.push(numberLine(full, point));
    else addHistogram(lines, full, point);
  }
}

function nameOf(name: string, { unit, type }: MetricInfo & { type: string }) {
  const base = name.replaceAll(".", "_") + (UNITS[unit] ?? "");
  return type === "counter" ? `${base}_total` : base;
}

function numberLine(name: string, { attributes, value }: NumberPoint): string {
  return `${name}${labels(attributes)} ${value}`;
}

function addHistogram(
  lines: string[],
  name: string,
  { attributes, bounds, buckets, sum, count }: DistributionPoint,
): void {
  let below = 0;
  buckets.forEach((inBucket, i) => {
    below += inBucket;
    const le = bounds[i] ?? "+Inf";
    lines.push(`${name}_bucket${labels({ ...attributes, le })} ${below}`);
  });
  lines.push(`${name}_sum${labels(attributes)} ${sum}`);
  lines.push(`${name}_count${labels(attributes)} ${count}`);
}

function labels(attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(([name, value]) =>
    `${name.replaceAll(/[^a-zA-Z0-9_]/g, "_")}="${quoted(String(value))}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

/** Other control characters may stand in a value: a peer has no say in the lines of the page. */
function quoted(text: string): string {
  return escaped(text).replaceAll('"', '\\"');
}
