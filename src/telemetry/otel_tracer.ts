/**
 * Spans of a dispatcher's activities, by Deno's OpenTelemetry.
 *
 * @module
 */

import { type Attributes, errorType } from "../core/counts.ts";
import type {
  Activity,
  ActivityKind,
  ActivityStart,
  Tracer,
} from "../core/tracer.ts";
import type {
  OtelContext,
  OtelTracer,
  Span,
  Telemetry,
} from "./open_telemetry.ts";

/** Under this key a context holds its span: so has every implementation of the API. */
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

/** The kinds of spans, as the API numbers them. */
const KINDS: Record<ActivityKind, number> = {
  connection: 1, // server
  handshake: 0, // internal
  request: 2, // client
  item: 4, // consumer
};

const ERROR = 2;

/** Makes a span of each activity. */
export class SpanTracer implements Tracer {
  readonly #contexts: Telemetry["contextManager"];
  readonly #tracer: OtelTracer;

  constructor({ contextManager, tracerProvider }: Telemetry) {
    this.#contexts = contextManager;
    this.#tracer = tracerProvider.getTracer("@copas/copas");
  }

  begin({ kind, name, attributes, context }: ActivityStart): Activity {
    const active = (context as OtelContext | undefined) ??
      this.#contexts.active();
    // A connection begins a trace: the accept loop runs in no span of its own.
    const parent = kind === "connection" ? active.deleteValue(SPAN) : active;
    const options = { kind: KINDS[kind], attributes };
    const span = this.#tracer.startSpan(name, options, parent);
    return new SpanActivity(this.#contexts, span, parent.setValue(SPAN, span));
  }

  capture(): OtelContext {
    return this.#contexts.active();
  }

  serialize(): string | undefined {
    const span = this.#contexts.active().getValue(SPAN) as Span | undefined;
    if (span === undefined) return undefined;
    const { traceId, spanId, traceFlags } = span.spanContext();
    const flags = traceFlags.toString(16).padStart(2, "0");
    return `00-${traceId}-${spanId}-${flags}`;
  }

  deserialize(text: string): OtelContext {
    const [, traceId, spanId, flags] = text.split("-");
    const span = {
      traceId,
      spanId,
      traceFlags: parseInt(flags, 16),
      isRemote: true,
    };
    return this.#contexts.active().setValue(SPAN, { spanContext: () => span });
  }
}

class SpanActivity implements Activity {
  readonly #contexts: Telemetry["contextManager"];
  readonly #span: Span;
  readonly #context: OtelContext;

  constructor(
    contexts: Telemetry["contextManager"],
    span: Span,
    context: OtelContext,
  ) {
    this.#contexts = contexts;
    this.#span = span;
    this.#context = context;
  }

  run<T>(fn: () => T): T {
    return this.#contexts.with(this.#context, fn);
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  end(error?: unknown): void {
    if (error !== undefined) this.#fail(error);
    this.#span.end();
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#span.setAttributes({ "error.type": errorType(error) });
    this.#span.setStatus({ code: ERROR, message });
    this.#span.recordException(error);
  }
}
