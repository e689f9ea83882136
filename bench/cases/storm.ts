/**
 * Storm: connections that are accepted, served one line and closed, 50 at a
 * time, as many as go in a second.
 *
 * @module
 */

import type { Case } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import type { Measured } from "../load/measured.ts";
import { runLoad, withServer } from "../processes.ts";
import { costs } from "./messages.ts";

/** The case. */
export const storm: Case<ContenderName> = {
  name: "storm",
  title: "connection storm",
  experiments: () => [{
    name: "storm",
    title: "connections accepted, served one line and closed, 50 at a time",
    contenders: ["ours", "hand", "bare", "node_deno", "node", "lua"],
    decides: "cost",
    goals: [{
      text: "connections a second, to the bare loop",
      metric: "rate",
      against: { contender: "bare" },
      least: 0.9,
    }],
    measure: (contender, { seconds, warmUp }) =>
      withServer(contender, ["stream", "storm"], async (server) => {
        const options = { ...server, seconds, warmUp, connections: 50 };
        return costs(await runLoad<Measured>("storm", options));
      }),
  }],
};
