/**
 * Line echo: 50 connections, lines of 64 bytes; one in flight on each, and 16.
 *
 * @module
 */

import type { Case, Experiment, Goal } from "../case.ts";
import type { ContenderName } from "../contenders.ts";
import { measureMessages } from "./messages.ts";

const contenders: ContenderName[] = [
  "ours",
  "hand",
  "bare",
  "node_deno",
  "node",
  "lua",
];

function cost(
  contender: ContenderName,
  title: string,
  most: number,
): Goal<ContenderName> {
  return {
    text: `processor time of a line, to ${title}`,
    metric: "cost",
    against: { contender },
    most,
  };
}

function experiment(
  inFlight: number,
  goals: Goal<ContenderName>[],
): Experiment<ContenderName> {
  return {
    name: `line_echo/${inFlight}`,
    title: `line echo, 50 connections, 64 bytes, ${inFlight} in flight on each`,
    contenders,
    decides: "cost",
    goals,
    measure: (contender, pace) =>
      measureMessages(
        contender,
        ["stream", "lines"],
        { connections: 50, size: 64, inFlight },
        pace,
      ),
  };
}

/** The case. */
export const lineEcho: Case<ContenderName> = {
  name: "line_echo",
  title: "line echo",
  experiments: () => [
    experiment(1, [
      cost("hand", "hand-written Deno", 0.9),
      cost("bare", "the bare loop", 1.1),
      cost("lua", "Copas on LuaJIT", 0.95),
    ]),
    experiment(16, [
      cost("hand", "hand-written Deno", 0.3),
      cost("lua", "Copas on LuaJIT", 0.5),
      {
        text: "lines a second, to Copas on LuaJIT",
        metric: "rate",
        against: { contender: "lua" },
        least: 15,
      },
    ]),
  ],
};
