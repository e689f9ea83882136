/**
 * Runs the experiments of a case, contender by contender, round by round.
 *
 * @module
 */

import type { Case, Experiment, Pace } from "./case.ts";
import { type ContenderName, contenders } from "./contenders.ts";
import type { CaseSamples } from "./goals.ts";

/** What came of a case. */
export interface CaseRun {
  experiments: Experiment[];
  samples: CaseSamples;
  /** Why a contender was not measured to the end, by experiment and contender. */
  failures: string[];
}

/**
 * Measures all contenders of all experiments of a case in turn, as often as
 * `pace` says: ABAB, so that what disturbs the machine disturbs all of them.
 *
 * @param missing contenders that are left out
 * @param progress hears what is being measured
 */
export async function runCase(
  each: Case,
  pace: Pace,
  missing: ReadonlyMap<ContenderName, string>,
  progress: (what: string) => void,
): Promise<CaseRun> {
  const experiments = await each.experiments(pace);
  const samples: CaseSamples = new Map(
    experiments.map(({ name }) => [name, new Map()]),
  );
  const failed = new Map<string, string>();
  for (let round = 1; round <= pace.rounds; round++) {
    for (const experiment of experiments) {
      for (const contender of experiment.contenders) {
        const what = `${experiment.name}: ${contenders[contender].title}`;
        if (missing.has(contender) || failed.has(what)) continue;
        progress(`${what}, round ${round}`);
        try {
          const sample = await experiment.measure(contender, pace);
          const ofAll = samples.get(experiment.name)!;
          ofAll.set(contender, [...ofAll.get(contender) ?? [], sample]);
        } catch (error) {
          // The others are still worth to be measured.
          failed.set(what, error instanceof Error ? error.message : `${error}`);
        }
      }
    }
  }
  const failures = [...failed].map(([what, why]) => `${what}: ${why}`);
  return { experiments, samples, failures };
}
