/**
 * Start: how long it takes from the start of a process until the first
 * connection has been served a line, and what the import of each entry point
 * adds to an empty script.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import type { Case, Experiment, Pace, Sample } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import { runCommand, withServer } from "../processes.ts";
import { spread } from "../statistics.ts";
import type { Target } from "../system/sockets.ts";

const firstReply: Experiment<ContenderName> = {
  name: "start/first_reply",
  title: "from process start to the first line served",
  contenders: ["ours", "hand", "bare", "node_deno", "node", "lua"],
  decides: "time",
  goals: [],
  async measure(contender, pace) {
    const times: number[] = [];
    for (let i = 0; i < repetitions(pace); i++) {
      const begin = performance.now();
      await withServer(contender, ["stream", "lines"], async ({ target }) => {
        await exchange(target);
        times.push(performance.now() - begin);
      });
    }
    return { time: spread(times).median };
  },
};

/** Connects, says a line and hears it. */
async function exchange(target: Target): Promise<void> {
  if ("path" in target) throw new Error("Only TCP servers are started");
  using conn = await Deno.connect({ port: target.port, hostname: "127.0.0.1" });
  await conn.write(new TextEncoder().encode("first\n"));
  if (await conn.read(new Uint8Array(16)) !== 6) {
    throw new Error("The server's answer is not what was sent");
  }
}

const entryPoints = Object.entries(config.exports);

const imports: Experiment = {
  name: "start/import",
  title: "import of an entry point, over an empty script",
  // The main entry point is "ours".
  contenders: entryPoints.map(([name]) => name === "." ? "ours" : name),
  titles: { ours: "main entry point" },
  decides: "over",
  goals: [{
    text: "milliseconds of the import of the main entry point",
    metric: "over",
    most: 10,
  }],
  measure(contender, pace) {
    const name = contender === "ours" ? "." : contender;
    const [, file] = entryPoints.find(([each]) => each === name)!;
    return measureImport(new URL(`../../${file}`, import.meta.url), pace);
  },
};

/** Runs an empty script and a module in turn; the median of the differences. */
async function measureImport(module: URL, pace: Pace): Promise<Sample> {
  const empty = new URL("../empty.ts", import.meta.url);
  const times: number[] = [];
  const differences: number[] = [];
  await timeOf(module); // so that Deno has compiled it
  for (let i = 0; i < repetitions(pace); i++) {
    const without = await timeOf(empty);
    const time = await timeOf(module);
    times.push(time);
    differences.push(time - without);
  }
  return { over: spread(differences).median, time: spread(times).median };
}

async function timeOf(script: URL): Promise<number> {
  const begin = performance.now();
  await runCommand([Deno.execPath(), "run", "--quiet", fileURLToPath(script)]);
  return performance.now() - begin;
}

function repetitions({ full }: Pace): number {
  return full ? 20 : 7;
}

/** The case. */
export const start: Case = {
  name: "start",
  title: "start",
  experiments: () => [firstReply, imports],
};
