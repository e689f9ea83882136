/**
 * What the main thread and its workers say to each other.
 *
 * @module
 */

import type { Tracer } from "../core/tracer.ts";
import type { WorkerCounts } from "../server/status.ts";
import type { ServerOptions } from "../server/options.ts";

/** Where a worker listens, and how it serves. */
export interface ServeOrder extends ServerOptions {
  kind: "serve";
  hostname: string;
  port: number;
  backlog: number;
  name: string;
  /** Seconds that a health check may take. */
  heartbeat: number;
  /** How connections are secured; files are still to be read. */
  sslparams?: unknown;
  /** The last value that was posted. */
  posted?: Posted;
}

/** A value for `onmessage` of the handler's module. */
export interface Posted {
  value: unknown;
  /** The span in which it was posted, where there is an instrumentation. */
  trace?: string;
}

/** A copy of a value to be posted, with the span of the caller. */
export function postedOf(value: unknown, tracer?: Tracer): Posted {
  return { value: structuredClone(value), trace: tracer?.serialize() };
}

/** From the main thread to a worker. */
export type Order =
  | ServeOrder
  | { kind: "ping" }
  | { kind: "status"; id: number }
  | { kind: "post"; id: number; posted: Posted }
  | { kind: "stop"; grace: number };

/** From a worker to the main thread. Nothing in it decides what the worker may do. */
export type Report =
  | { kind: "loaded" }
  | { kind: "alive" }
  | { kind: "listening" }
  | { kind: "failed"; message: string }
  | { kind: "status"; id: number; served: number; status: WorkerCounts }
  | { kind: "handled"; id: number; failure?: string }
  | { kind: "closed" }
  | { kind: "ended"; served: number; cut: number };

/** Reads what came from a worker. `undefined` for what is no report. */
export function readReport(data: unknown): Report | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const report = data as Record<string, unknown>;
  switch (report.kind) {
    case "loaded":
    case "alive":
    case "listening":
    case "closed":
      return { kind: report.kind };
    case "ended": {
      const { served, cut } = report;
      return { kind: "ended", served: countOf(served), cut: countOf(cut) };
    }
    case "failed":
      return { kind: "failed", message: String(report.message) };
    case "handled": {
      const { id, failure } = report;
      if (typeof id !== "number") return undefined;
      return failure === undefined
        ? { kind: "handled", id }
        : { kind: "handled", id, failure: String(failure) };
    }
    case "status": {
      const { id, served, status } = report;
      const isStatus = typeof id === "number" && typeof served === "number" &&
        typeof status === "object" && status !== null;
      if (!isStatus) return undefined;
      return { kind: "status", id, served, status: status as WorkerCounts };
    }
    default:
      return undefined;
  }
}

/** A number of connections; 0 for what is none. */
function countOf(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(value as number, 0) : 0;
}
