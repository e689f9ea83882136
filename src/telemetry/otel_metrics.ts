/**
 * The metrics of a dispatcher, by Deno's OpenTelemetry.
 *
 * @module
 */

import { BOUNDS, type DurationName } from "../core/histogram.ts";
import type { DurationRecorder } from "../core/metrics.ts";
import type { Measured } from "./measured.ts";
import type { Meter, Observable, Telemetry } from "./open_telemetry.ts";

/**
 * Exports what `copas.metrics()` tells. Numbers are asked for when they are
 * exported; durations are recorded as they come.
 *
 * @returns what has to be told of durations
 */
export function exportMetrics(
  copas: Measured,
  { meterProvider }: Telemetry,
): DurationRecorder {
  const meter = meterProvider.getMeter("@copas/copas");
  const observables = new Map<string, Observable>();
  const histograms = new Map<
    string,
    ReturnType<Meter["createHistogram"]>
  >();
  for (const [name, { type, unit, description }] of entriesOf(copas)) {
    const options = { unit, description };
    switch (type) {
      case "counter":
        observables.set(name, meter.createObservableCounter(name, options));
        break;
      case "updowncounter":
        observables.set(
          name,
          meter.createObservableUpDownCounter(name, options),
        );
        break;
      case "gauge":
        observables.set(name, meter.createObservableGauge(name, options));
        break;
      case "histogram": {
        const advice = {
          explicitBucketBoundaries: BOUNDS[name as DurationName],
        };
        const histogram = meter.createHistogram(name, { ...options, advice });
        histograms.set(name, histogram);
      }
    }
  }
  meter.addBatchObservableCallback((result) => {
    for (const [name, { points }] of entriesOf(copas)) {
      const observable = observables.get(name);
      if (observable === undefined) continue;
      for (const point of points) {
        if (!("value" in point)) continue;
        result.observe(observable, point.value, point.attributes);
      }
    }
  }, [...observables.values()]);
  return (metric, seconds, attributes = {}) =>
    histograms.get(metric)?.record(seconds, attributes);
}

function entriesOf(copas: Measured) {
  return Object.entries(copas.metrics());
}
