/**
 * What the command line asks for.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { Pace } from "./case.ts";

/** What to do. */
export interface Options {
  /** The cases to run. */
  names: string[];
  pace: Pace;
  /** The contenders to measure; all when nothing is said. */
  only?: string[];
  /** Keep the results as the latest ones. */
  save: boolean;
  /** Draw the chart, and measure nothing. */
  chart: boolean;
  /** Where else the results go. */
  json?: string;
}

/** Quick, for all cases in a minute; some of them get more time. */
const glance: Pace = { full: false, rounds: 1, seconds: 0.4, warmUp: 0.5 };
const quick: Pace = { full: false, rounds: 3, seconds: 0.6, warmUp: 0.4 };
const full: Pace = { full: true, rounds: 5, seconds: 2, warmUp: 1 };

/** Reads the command line; gives a text that says what is wrong with it, where something is. */
export function parseOptions(
  args: string[],
  known: string[],
): Options | string {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    return `No case is called ${unknown}; there are: ${known.join(", ")}`;
  }
  const pace = {
    ...values.full ? full : positionals.length > 0 ? quick : glance,
  };
  for (const name of ["rounds", "seconds"] as const) {
    if (values[name] === undefined) continue;
    pace[name] = Number(values[name]);
    if (!(pace[name] > 0)) {
      return `--${name} is ${values[name]}; it takes a number greater than 0`;
    }
  }
  pace.warmUp = Math.min(pace.warmUp, 2 * pace.seconds);
  return {
    only: values.only?.split(","),
    names: positionals.length > 0 ? positionals : known,
    pace,
    save: values.save,
    chart: values.chart,
    json: values.json,
  };
}

function parse(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      full: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      only: { type: "string" },
      save: { type: "boolean", default: false },
      chart: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
}
