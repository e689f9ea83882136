/**
 * Holds results against goals.
 *
 * @module
 */

import type { Experiment, Goal, Operand, Sample } from "./case.ts";
import {
  type GoalResult,
  numbers,
  ratioSpread,
  type Samples,
} from "./results.ts";
import { type Spread, spread } from "./statistics.ts";

/** The samples of every experiment of a case, by its name. */
export type CaseSamples = Map<string, Samples>;

/** How the goals of an experiment fared. */
export function judge(
  { name, goals }: Experiment,
  samples: CaseSamples,
): GoalResult[] {
  return goals.map((goal) => {
    const value = valueOf(goal, name, samples);
    return {
      experiment: name,
      text: goal.text,
      limit: limitOf(goal),
      value,
      met: value && isMet(goal, value.median),
    };
  });
}

function valueOf(
  { of = { contender: "ours" }, against, metric }: Goal,
  experiment: string,
  samples: CaseSamples,
): Spread | undefined {
  const find = (operand: Operand): Sample[] | undefined =>
    samples.get(operand.experiment ?? experiment)?.get(operand.contender);
  if (against !== undefined) {
    return ratioSpread(find(of), find(against), metric);
  }
  const values = numbers(find(of) ?? [], metric);
  return values.length > 0 ? spread(values) : undefined;
}

function isMet({ most = Infinity, least = -Infinity }: Goal, value: number) {
  return value <= most && value >= least;
}

function limitOf({ most, least }: Goal): string {
  return most !== undefined ? `≤ ${most}` : `≥ ${least}`;
}
