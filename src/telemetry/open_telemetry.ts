/**
 * What of OpenTelemetry's API is used. Deno types it as `any`.
 *
 * @module
 */

import type { Attributes } from "../core/counts.ts";

/** Where in a trace something belongs. */
export interface OtelContext {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): OtelContext;
  deleteValue(key: symbol): OtelContext;
}

/** A span under way. */
export interface Span {
  spanContext(): { traceId: string; spanId: string; traceFlags: number };
  setAttributes(attributes: Attributes): void;
  setStatus(status: { code: number; message?: string }): void;
  recordException(error: unknown): void;
  end(): void;
}

/** Makes spans. */
export interface OtelTracer {
  startSpan(
    name: string,
    options: { kind: number; attributes: Attributes },
    context: OtelContext,
  ): Span;
}

/** How a metric is made. */
export interface InstrumentOptions {
  unit: string;
  description: string;
  advice?: { explicitBucketBoundaries: readonly number[] };
}

/** Something that is asked for its values. */
export type Observable = object;

/** Takes the values of a batch. */
export interface BatchResult {
  observe(metric: Observable, value: number, attributes: Attributes): void;
}

/** Makes metrics. */
export interface Meter {
  createObservableCounter(name: string, options: InstrumentOptions): Observable;
  createObservableUpDownCounter(
    name: string,
    options: InstrumentOptions,
  ): Observable;
  createObservableGauge(name: string, options: InstrumentOptions): Observable;
  createHistogram(
    name: string,
    options: InstrumentOptions,
  ): { record(value: number, attributes: Attributes): void };
  addBatchObservableCallback(
    callback: (result: BatchResult) => void,
    metrics: Observable[],
  ): void;
}

/** `Deno.telemetry`. */
export interface Telemetry {
  readonly tracerProvider: { getTracer(name: string): OtelTracer };
  readonly meterProvider: { getMeter(name: string): Meter };
  readonly contextManager: {
    active(): OtelContext;
    with<T>(context: OtelContext, fn: () => T): T;
  };
}

/** Deno's telemetry, where it is switched on. It needs no permission to find out: a span can't be begun else. */
export function telemetryOf(deno: object = Deno): Telemetry | undefined {
  const { telemetry } = deno as { telemetry?: Telemetry };
  if (telemetry === undefined) return undefined;
  try {
    const { tracerProvider, contextManager } = telemetry;
    // A span that does not end is never exported.
    tracerProvider.getTracer("@copas/copas").startSpan(
      "probe",
      { kind: 0, attributes: {} },
      contextManager.active(),
    );
    return telemetry;
  } catch {
    return undefined;
  }
}
