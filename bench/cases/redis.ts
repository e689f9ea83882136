/**
 * Redis: the key-value example beside the real redis-server, under
 * redis-benchmark, which comes from Redis and not from this project: SET and GET with 50 connections,
 * each command by itself, and 16 at a time.
 *
 * @module
 */

import { type Case, type Experiment, LeftOut, type Sample } from "../case.ts";
import { type ContenderName, succeeds } from "../contenders.ts";
import { runCommand, type Server, withServer } from "../processes.ts";
import { processorTime } from "../system/processor_time.ts";

function experiment(
  pipeline: number,
  least: number,
): Experiment<ContenderName> {
  return {
    name: `redis/${pipeline}`,
    title: `redis-benchmark, SET and GET, 50 connections, ${
      pipeline === 1 ? "no pipelining" : `${pipeline} commands at a time`
    }`,
    contenders: ["ours", "redis"],
    titles: { ours: "ours (key_value_server.ts)" },
    decides: "rate",
    goals: [{
      text: "commands a second, to redis-server",
      metric: "rate",
      against: { contender: "redis" },
      least,
    }],
    async measure(contender, { seconds, warmUp }) {
      if (!await succeeds(["redis-benchmark", "--version"])) {
        throw new LeftOut("redis-benchmark is not installed");
      }
      const port = String(freePort());
      return await withServer(contender, ["redis", port], async (server) => {
        await reachable(server);
        // It can't be told a time, only a number of commands.
        const perSecond = await benchmark(server, pipeline, 10_000);
        await benchmark(server, pipeline, perSecond.rate * warmUp / 2);
        return await benchmark(server, pipeline, perSecond.rate * seconds / 2);
      });
    },
  };
}

/** Runs redis-benchmark with so many commands of each kind. */
async function benchmark(
  { pid, target }: Server,
  pipeline: number,
  commands: number,
): Promise<Sample & { rate: number }> {
  const count = Math.max(10_000, Math.round(commands));
  const before = processorTime(pid);
  const output = await runCommand([
    "redis-benchmark",
    ...["-p", "port" in target ? String(target.port) : ""],
    ...["-c", "50", "-P", String(pipeline), "-n", String(count)],
    ...["-t", "set,get", "--csv"],
  ]);
  const processor = processorTime(pid) - before;
  // "SET","rate","average","least","p50","p95","p99","most"; after a line of titles.
  const rows = output.trim().split("\n").slice(-2)
    .map((row) =>
      row.split(",").map((cell) => Number(cell.replaceAll('"', "")))
    );
  const mean = (column: number): number =>
    rows.reduce((sum, row) => sum + row[column], 0) / rows.length;
  return {
    rate: mean(1),
    cost: processor / (rows.length * count) * 1e6,
    p50: mean(4) * 1000,
    p99: mean(6) * 1000,
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Resolves when the server accepts: redis-server does not say when. */
async function reachable({ target }: Server): Promise<void> {
  if (!("port" in target)) throw new Error("Redis servers listen on TCP");
  const { port } = target;
  for (let tries = 0; tries < 200; tries++) {
    try {
      using _ = await Deno.connect({ hostname: "127.0.0.1", port });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`No server accepts on port ${port}`);
}

/** The case. */
export const redis: Case<ContenderName> = {
  name: "redis",
  title: "key-value server",
  experiments: () => [experiment(1, 0.5), experiment(16, 0.25)],
};
