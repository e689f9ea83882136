/**
 * Cluster: pushes, pulls with acknowledgement, and locks got and released, beside
 * the plain client of NATS, against one nats-server.
 *
 * @module
 */

import { type Case, type Experiment, LeftOut } from "../case.ts";
import { type ContenderName, succeeds } from "../contenders.ts";
import type { InFlight } from "../load/in_flight.ts";
import { runProgram, withCommand } from "../processes.ts";

const titles: Record<string, string> = {
  push: "jobs pushed and stored",
  pull: "jobs taken and acknowledged",
  lock: "locks got and released",
};

function experiment(what: string, count: number): Experiment<ContenderName> {
  return {
    name: `cluster/${what}/${count}`,
    title: `${titles[what]}, ${count} at once`,
    contenders: ["ours", "bare"],
    titles: { bare: "plain client" },
    decides: "rate",
    goals: [{
      text: "operations a second, to the plain client",
      metric: "rate",
      against: { contender: "bare" },
      least: 0.8,
    }],
    async measure(contender, { seconds }) {
      if (!await succeeds(["nats-server", "--version"])) {
        throw new LeftOut("nats-server is not installed");
      }
      const folder = await Deno.makeTempDir({ prefix: "copas_nats_" });
      try {
        const port = freePort();
        const server = new URL("../contenders/nats/nats.sh", import.meta.url);
        const command = ["sh", server.pathname, String(port), folder];
        return await withCommand(command, async () => {
          await reachable(port);
          const args = [`nats://127.0.0.1:${port}`, what, String(count)];
          const program = ["cluster", ...args, String(seconds)];
          return { ...await runProgram<InFlight>(contender, program) };
        });
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Resolves when the server accepts. */
async function reachable(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      using _ = await Deno.connect({ hostname: "127.0.0.1", port });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`nats-server does not accept on port ${port}`);
}

/** The case. */
export const cluster: Case<ContenderName> = {
  name: "cluster",
  title: "cluster on NATS",
  experiments: () =>
    ["push", "pull", "lock"].flatMap((what) =>
      [1, 16, 256].map((count) => experiment(what, count))
    ),
};
