/**
 * Idle: the resident memory of a connection that has said one line and is
 * silent. It is how much the server's RSS grew from one connection to all of
 * them, after it has settled, divided by their number.
 *
 * @module
 */

import type { Case, Experiment, Goal, Sample } from "../case.ts";
import { fitting, MOST_OF_LUA } from "../connections.ts";
import type { ContenderName } from "../contenders.ts";
import type { Idle } from "../load/idle.ts";
import { openFilesLimit, runLoad, withServer } from "../processes.ts";

/** The goals, by the number of connections. */
const goals: Record<number, Goal<ContenderName>> = {
  10_000: { text: "bytes of an idle connection", metric: "memory", most: 8192 },
  50_000: { text: "connections held", metric: "held", least: 50_000 },
};

function experiment(wanted: number, limit: number): Experiment<ContenderName> {
  const { connections, note } = fitting(wanted, limit);
  const contenders: ContenderName[] = ["ours", "hand", "node_deno", "node"];
  if (connections < MOST_OF_LUA) contenders.push("lua");
  return {
    name: `idle/${wanted}`,
    title: `memory of ${connections} idle connections`,
    note,
    contenders,
    decides: "memory",
    goals: wanted in goals ? [goals[wanted]] : [],
    async measure(contender) {
      const sample = await measure(contender, connections);
      // What was not tried was neither reached nor missed.
      return note === undefined ? { ...sample, held: connections } : sample;
    },
  };
}

function measure(
  contender: ContenderName,
  connections: number,
): Promise<Sample> {
  return withServer(contender, ["stream", "lines"], async (server) => {
    const options = { ...server, connections };
    const { before, after } = await runLoad<Idle>("idle", options);
    return {
      memory: (after - before) / connections,
      resident: after / 2 ** 20,
    };
  });
}

/** The case. */
export const idle: Case<ContenderName> = {
  name: "idle",
  title: "idle connections",
  experiments: async ({ full }) => {
    const limit = await openFilesLimit();
    const numbers = full ? [1_000, 10_000, 50_000] : [10_000];
    return numbers.map((number) => experiment(number, limit));
  },
};
