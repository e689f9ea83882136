/**
 * Load: one connection that says a line now and then while others attack the
 * server. It begins to measure when the server has as many connections as it is
 * told.
 *
 * @module
 */

import { processorTime, residentMemory } from "../system/processor_time.ts";
import type { Target } from "../system/sockets.ts";
import { Latencies } from "./latencies.ts";
import { runLoad } from "./measured.ts";

/** What this load is told. */
export interface ControlOptions {
  target: Target;
  pid: number;
  /** How many connections there must be before it measures. */
  connections: number;
  seconds: number;
}

/** What it has seen. */
export interface Controlled {
  /** Round trips, in microseconds. */
  p50: number;
  p99: number;
  worst: number;
  /** The server's memory in bytes: with one connection, and the most later. */
  before: number;
  most: number;
  /** The most bytes that the server has said to keep waiting. */
  buffered: number;
  /** How many connections there were at the end, and what the server has counted. */
  serving: number;
  counters: unknown;
  /** The server's processor time, in cores. */
  cores: number;
}

/** Seconds between two lines. */
const PERIOD = 0.005;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

async function run(options: ControlOptions): Promise<Controlled> {
  const { port } = options.target as { port: number };
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  const into = new Uint8Array(4096);
  const ask = async (line: string) => {
    await conn.write(encoder.encode(`${line}\n`));
    let text = "";
    while (!text.endsWith("\n")) {
      const count = await conn.read(into);
      if (count === null) throw new Error("The server closed the connection");
      text += decoder.decode(into.subarray(0, count));
    }
    return text;
  };
  const pause = (seconds: number) =>
    new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  await ask("hello");
  const before = residentMemory(options.pid);
  let status = JSON.parse(await ask("status"));
  const patience = performance.now() + 40_000;
  while (status.serving < options.connections) {
    if (performance.now() > patience) {
      throw new Error(`The server has only ${status.serving} connections`);
    }
    await pause(0.1);
    status = JSON.parse(await ask("status"));
  }
  const latencies = new Latencies();
  let [worst, most, buffered] = [0, before, 0];
  const processor = processorTime(options.pid);
  const begin = performance.now();
  for (let i = 0; performance.now() - begin < options.seconds * 1000; i++) {
    const at = performance.now();
    await ask("hello, is it you I am looking for?");
    const took = performance.now() - at;
    latencies.add(took);
    worst = Math.max(worst, took);
    if (i % 20 === 0) {
      status = JSON.parse(await ask("status"));
      buffered = Math.max(buffered, status.buffered);
      most = Math.max(most, residentMemory(options.pid));
    }
    await pause(PERIOD);
  }
  const { serving, counters } = status;
  const used = processorTime(options.pid) - processor;
  const cores = used / (performance.now() - begin) * 1000;
  const [p50, p99] = [0.5, 0.99].map((share) => latencies.percentile(share));
  worst *= 1000;
  return { p50, p99, worst, before, most, buffered, serving, counters, cores };
}

await runLoad(run);
