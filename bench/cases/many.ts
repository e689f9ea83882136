/**
 * Many connections, of which one in ten has a line in flight at any time: the
 * cost of a line must not grow with their number.
 *
 * @module
 */

import type { Case, Experiment, Goal } from "../case.ts";
import { fitting, MOST_OF_LUA } from "../connections.ts";
import type { ContenderName } from "../contenders.ts";
import { openFilesLimit } from "../processes.ts";
import { measureMessages } from "./messages.ts";

const FEW = 10;
const MANY = 10_000;

const flat: Goal<ContenderName> = {
  text: "processor time of a line, to that with 10 connections",
  metric: "cost",
  against: { contender: "ours", experiment: `many/${FEW}` },
  most: 1.15,
};

function experiment(wanted: number, limit: number): Experiment<ContenderName> {
  const { connections, note } = fitting(wanted, limit);
  const contenders: ContenderName[] = ["ours", "hand", "bare"];
  if (connections < MOST_OF_LUA) contenders.push("lua");
  return {
    name: `many/${wanted}`,
    title: `line echo, ${connections} connections, a tenth of them active`,
    note,
    contenders,
    decides: "cost",
    goals: wanted === MANY ? [flat] : [],
    measure: (contender, pace) =>
      measureMessages(
        contender,
        ["stream", "lines"],
        { connections, size: 64, inFlight: 1, active: connections / 10 },
        pace,
      ),
  };
}

/** The case. */
export const many: Case<ContenderName> = {
  name: "many",
  title: "many connections",
  experiments: async ({ full }) => {
    const limit = await openFilesLimit();
    const numbers = full ? [FEW, 100, 1_000, MANY] : [FEW, MANY];
    return numbers.map((number) => experiment(number, limit));
  },
};
