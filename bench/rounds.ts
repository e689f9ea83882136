/**
 * Runs the experiments of a case, contender by contender, round by round.
 *
 * @module
 */

import { type Case, type Experiment, LeftOut, type Pace } from "./case.ts";
import { titleOf } from "./contenders.ts";
import type { CaseSamples } from "./goals.ts";

/** What came of a case. */
export interface CaseRun {
  experiments: Experiment[];
  samples: CaseSamples;
  /** Who did not take part, and why. */
  leftOut: string[];
  /** What could not be measured to the end, and why. */
  failures: string[];
}

/**
 * Measures all contenders of all experiments of a case in turn, as often as
 * `pace` says: ABAB, so that what disturbs the machine disturbs all of them.
 *
 * @param takesPart whether a contender is to be measured
 * @param progress hears what is being measured
 */
export async function runCase(
  each: Case,
  pace: Pace,
  takesPart: (contender: string) => boolean,
  progress: (what: string) => void,
): Promise<CaseRun> {
  const experiments = await each.experiments(pace);
  const samples: CaseSamples = new Map(
    experiments.map(({ name }) => [name, new Map()]),
  );
  const leftOut = new Map<string, string>();
  const failures = new Map<string, string>();
  for (let round = 1; round <= pace.rounds; round++) {
    for (const experiment of experiments) {
      for (const contender of participants(experiment, pace)) {
        const what = `${experiment.name}: ${titleOf(contender, experiment)}`;
        if (!takesPart(contender)) continue;
        if (leftOut.has(what) || failures.has(what)) continue;
        progress(`${what}, round ${round}`);
        try {
          const sample = await experiment.measure(contender, pace);
          const ofAll = samples.get(experiment.name)!;
          ofAll.set(contender, [...ofAll.get(contender) ?? [], sample]);
        } catch (error) {
          // The others are still worth to be measured.
          const why = error instanceof Error ? error.message : `${error}`;
          (error instanceof LeftOut ? leftOut : failures).set(what, why);
        }
      }
    }
  }
  return {
    experiments,
    samples,
    leftOut: lines(leftOut),
    failures: lines(failures),
  };
}

/** In the quick mode only those take part that a goal is about. */
function participants({ contenders, goals }: Experiment, { full }: Pace) {
  if (full) return contenders;
  const wanted = new Set(["ours"]);
  for (const { of, against } of goals) {
    if (of !== undefined) wanted.add(of.contender);
    if (against !== undefined) wanted.add(against.contender);
  }
  return contenders.filter((name) => wanted.has(name));
}

function lines(reasons: Map<string, string>): string[] {
  return [...reasons].map(([what, why]) => `${what}: ${why}`);
}
