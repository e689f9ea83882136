/**
 * The results of a run, as they are kept in JSON.
 *
 * @module
 */

import type { Experiment, Metric, Sample } from "./case.ts";
import { titleOf } from "./contenders.ts";
import type { Machine } from "./machine.ts";
import { type Spread, spread } from "./statistics.ts";

/** What a run brought. */
export interface Results {
  /** When it began, in ISO 8601. */
  date: string;
  full: boolean;
  machine: Machine;
  /** The versions of the programs that took part. */
  versions: Record<string, string>;
  experiments: ExperimentResults[];
  goals: GoalResult[];
  /** Who did not take part, and why. */
  leftOut: string[];
  /** What could not be measured to the end, and why. */
  failures: string[];
}

/** What an experiment brought. */
export interface ExperimentResults {
  name: string;
  title: string;
  decides: Metric;
  note?: string;
  contenders: ContenderResults[];
}

/** What a contender brought. */
export interface ContenderResults {
  name: string;
  title: string;
  /** The measurements, round by round. */
  rounds: Sample[];
  /** The median of each metric, and its spread. */
  metrics: Partial<Record<Metric, Spread>>;
  /** Ours divided by this one, round by round: of the metric that decides. */
  ratio?: Spread;
}

/** How a goal fared. */
export interface GoalResult {
  experiment: string;
  text: string;
  /** `≤ 0.9` and the like. */
  limit: string;
  /** What was measured, where both sides could be. */
  value?: Spread;
  met?: boolean;
}

/** All samples of an experiment: those of each contender, round by round. */
export type Samples = Map<string, Sample[]>;

/** Sums up an experiment. */
export function summarize(
  experiment: Experiment,
  samples: Samples,
): ExperimentResults {
  const { name, title, decides, note } = experiment;
  const ours = samples.get("ours");
  const results = [...samples].map(([contender, rounds]) => ({
    name: contender,
    title: titleOf(contender, experiment),
    rounds,
    metrics: metricSpreads(rounds),
    ratio: contender === "ours"
      ? undefined
      : ratioSpread(ours, rounds, decides),
  }));
  return { name, title, decides, note, contenders: results };
}

function metricSpreads(rounds: Sample[]): Partial<Record<Metric, Spread>> {
  const names = Object.keys(rounds[0] ?? {}) as Metric[];
  return Object.fromEntries(
    names.map((name) => [name, numbers(rounds, name)] as const)
      .filter(([, values]) => values.length > 0)
      .map(([name, values]) => [name, spread(values)]),
  );
}

/** One divided by the other, round by round: what disturbed a round disturbed both. */
export function ratioSpread(
  of: Sample[] | undefined,
  against: Sample[] | undefined,
  metric: Metric,
): Spread | undefined {
  const divisors = numbers(against ?? [], metric);
  const ratios = numbers(of ?? [], metric).slice(0, divisors.length)
    .map((number, round) => number / divisors[round]);
  return ratios.length > 0 ? spread(ratios) : undefined;
}

/** A metric, round by round. */
export function numbers(rounds: Sample[], metric: Metric): number[] {
  return rounds.map((sample) => sample[metric]).filter((number) =>
    number !== undefined
  );
}
