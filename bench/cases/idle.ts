/**
 * Idle: the resident memory of a connection that has said one line and is
 * silent. It is how much the server's RSS grew from one connection to all of
 * them, after it has settled, divided by their number.
 *
 * @module
 */

import type { Case, Experiment, Goal } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import type { Idle } from "../load/idle.ts";
import { openFilesLimit, runLoad, withServer } from "../processes.ts";

/** What a process needs beside its connections. */
const OTHER_FILES = 100;

/** Copas on Lua is left out beyond: select() has no more. */
const MOST_OF_LUA = 1000;

function experiment(wanted: number, limit: number, goals: Goal[]): Experiment {
  const connections = Math.min(wanted, limit - OTHER_FILES);
  const contenders: ContenderName[] = ["ours", "hand", "node_deno", "node"];
  if (wanted < MOST_OF_LUA) contenders.push("lua");
  return {
    name: `idle/${wanted}`,
    title: `memory of ${connections} idle connections`,
    note: connections < wanted
      ? `${wanted} were asked for, but a process may have only ${limit} open files here`
      : undefined,
    contenders,
    decides: "memory",
    goals: connections < wanted ? [] : goals,
    measure: (contender) =>
      withServer(contender, ["lines"], async ({ pid, target }) => {
        const options = { pid, target, connections };
        const { before, after } = await runLoad<Idle>("idle", options);
        return {
          memory: (after - before) / connections,
          resident: after / 2 ** 20,
          held: connections,
        };
      }),
  };
}

/** The case. */
export const idle: Case = {
  name: "idle",
  title: "idle connections",
  experiments: async ({ full }) => {
    const limit = await openFilesLimit();
    const small = experiment(1_000, limit, []);
    const middle = experiment(10_000, limit, [{
      text: "bytes of an idle connection",
      metric: "memory",
      most: 8192,
    }]);
    if (!full) return [small, middle];
    const large = experiment(50_000, limit, [{
      text: "connections held",
      metric: "held",
      least: 50_000,
    }]);
    return [small, middle, large];
  },
};
