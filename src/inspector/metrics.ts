/**
 * The numbers for Prometheus.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { totalsOf } from "./totals.ts";

/** The text that Prometheus reads. */
export function metricsText(scheduler: Scheduler): string {
  const { connections, threads, accepted, received, sent } = totalsOf(
    scheduler,
  );
  return metric("copas_connections", "gauge", connections) +
    metric("copas_threads", "gauge", threads) +
    metric("copas_connections_accepted_total", "counter", accepted) +
    metric("copas_received_bytes_total", "counter", received) +
    metric("copas_sent_bytes_total", "counter", sent);
}

function metric(name: string, type: string, value: number): string {
  return `# TYPE ${name} ${type}\n${name} ${value}\n`;
}
