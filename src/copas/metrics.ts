/**
 * The part of a dispatcher that tells what it has counted.
 *
 * @module
 */

import { type Metrics, MetricSheet } from "../core/metrics.ts";
import { watchRounds } from "../core/round_watch.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Context } from "./context.ts";

/** What a wait of each kind is for, in the words of the conventions. */
const KINDS = {
  read: "receive",
  write: "send",
  sleep: "sleep",
  outside: "operation",
} as const;

/** A snapshot of all that is counted. */
export function metrics({ scheduler }: Context): Metrics {
  const sheet = new MetricSheet();
  for (const metered of scheduler.metered) metered.measure(sheet);
  measureTraffic(scheduler, sheet);
  measureHandshakes(scheduler, sheet);
  measureThreads(scheduler, sheet);
  measureLoop(scheduler, sheet);
  return sheet.metrics;
}

function measureTraffic(
  { counts, selector }: Scheduler,
  sheet: MetricSheet,
): void {
  const direction = "network.io.direction";
  sheet.addEach("copas.network.io", {
    receive: selector.bytesReceived,
    transmit: selector.bytesSent,
  }, direction);
  sheet.addEach("copas.network.messages", {
    receive: counts.messagesReceived,
    transmit: counts.messagesSent,
  }, direction);
  for (const [attributes, durations] of counts.requests) {
    const isHttp = "http.request.method" in attributes;
    const name = isHttp
      ? "http.client.request.duration"
      : "copas.client.request.duration";
    sheet.addDurations(name, durations, attributes);
  }
}

function measureHandshakes({ counts }: Scheduler, sheet: MetricSheet): void {
  for (const [attributes, durations] of counts.handshakes) {
    sheet.addDurations("copas.tls.handshake.duration", durations, attributes);
  }
}

function measureThreads(scheduler: Scheduler, sheet: MetricSheet): void {
  const { counts, tasks, main } = scheduler;
  sheet.add("copas.thread.active", tasks.size);
  sheet.add("copas.thread.started", counts.threads);
  sheet.addEach("copas.thread.errors", counts.errors, "error.type");
  const waiting = { receive: 0, send: 0, sleep: 0, operation: 0 };
  for (const task of [main, ...tasks]) {
    for (const wait of task.waits) {
      if (wait.pending) waiting[KINDS[wait.kind]]++;
    }
  }
  const kind = "copas.wait.kind";
  sheet.addEach("copas.thread.waiting", waiting, kind);
  const { read, write, sleep, outside } = counts.waits;
  const begun = { receive: read, send: write, sleep, operation: outside };
  sheet.addEach("copas.wait.count", begun, kind);
  sheet.add("copas.wait.timeouts", counts.timeouts);
  sheet.add("copas.wait.cancellations", counts.cancellations);
  sheet.add("copas.lock.waits", counts.lockWaits);
  for (const { name, size, hasEnded } of scheduler.queues) {
    if (hasEnded) continue;
    sheet.add("copas.queue.length", size, { "copas.queue.name": name });
  }
}

function measureLoop(scheduler: Scheduler, sheet: MetricSheet): void {
  const { holds, lag } = watchRounds(scheduler);
  sheet.add("copas.loop.rounds", scheduler.rounds);
  sheet.addDurations("copas.loop.hold.duration", holds);
  sheet.add("copas.loop.hold.longest", holds.read().max);
  sheet.addDurations("copas.loop.lag", lag);
}
