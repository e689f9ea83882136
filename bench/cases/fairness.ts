/**
 * Fairness: how long a quiet client waits beside a greedy one that has sent
 * lines ahead, for each of which the server computes for 0.1, 1 or 5 ms.
 *
 * @module
 */

import type { Case, Experiment } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import type { Measured } from "../load/measured.ts";
import { runLoad, withServer } from "../processes.ts";

/** How many lines the greedy client is ahead. */
const AHEAD = 2000;

function experiment(milliseconds: number): Experiment<ContenderName> {
  return {
    name: `fairness/${milliseconds}`,
    title:
      `a quiet client's line, beside a greedy one with ${AHEAD} lines ahead of ${milliseconds} ms each`,
    contenders: ["ours", "hand"],
    decides: "p99",
    goals: [{
      text: "p99 of a quiet client's line, to hand-written Deno",
      metric: "p99",
      against: { contender: "hand" },
      most: 1,
    }],
    measure: (contender, { seconds, warmUp }) =>
      withServer(
        contender,
        ["fairness", String(milliseconds)],
        async (server) => {
          const options = { ...server, seconds, warmUp, ahead: AHEAD };
          const { messages, seconds: took, p50, p99, load } = await runLoad<
            Measured
          >("fairness", options);
          return { p50, p99, rate: messages / took, load: load / took };
        },
      ),
  };
}

/** The case. */
export const fairness: Case<ContenderName> = {
  name: "fairness",
  title: "fairness",
  experiments: () => [0.1, 1, 5].map(experiment),
};
