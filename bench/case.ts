/**
 * What a benchmark case is: experiments, each of which measures some
 * contenders in turn, and the goals that the results are held against.
 *
 * @module
 */

/** What one measurement of one contender brought; each metric has a name of {@linkcode metrics}. */
export type Sample = Partial<Record<Metric, number>>;

/** What is measured, and how it is shown. */
export const metrics = {
  cost: { title: "CPU µs", digits: 2 },
  step: { title: "CPU ns", digits: 0 },
  volume: { title: "CPU s/GiB", digits: 3 },
  total: { title: "CPU s", digits: 3 },
  rate: { title: "per second", digits: 0 },
  throughput: { title: "MiB/s", digits: 0 },
  p50: { title: "p50 µs", digits: 0 },
  p99: { title: "p99 µs", digits: 0 },
  memory: { title: "bytes each", digits: 0 },
  resident: { title: "RSS MiB", digits: 1 },
  over: { title: "ms over empty", digits: 1 },
  busy: { title: "CPU ms", digits: 1 },
  time: { title: "ms", digits: 1 },
  held: { title: "held", digits: 0 },
  load: { title: "load CPU", digits: 2 },
} as const;

/** The name of a metric. */
export type Metric = keyof typeof metrics;

/** How long and how often is measured. */
export interface Pace {
  /** All cases at their full size. */
  full: boolean;
  /** How often each contender is measured. */
  rounds: number;
  /** How long a measurement takes, in seconds. */
  seconds: number;
  /** How long the load runs before that, in seconds. */
  warmUp: number;
}

/** A number that a goal is about. */
export interface Operand<Name extends string = string> {
  contender: Name;
  /** Of this experiment, when nothing is said. */
  experiment?: string;
}

/** What our server should reach. */
export interface Goal<Name extends string = string> {
  /** The goal in words, without its number. */
  text: string;
  metric: Metric;
  /** Whose number it is. Default: ours. */
  of?: Operand<Name>;
  /** What it is divided by. Default: nothing. */
  against?: Operand<Name>;
  /** At most so much, */
  most?: number;
  /** or at least so much. */
  least?: number;
}

/** Some contenders under one load. `Name` is what they are called. */
export interface Experiment<Name extends string = string> {
  /** Its name among all experiments: `line_echo/16`. */
  name: string;
  title: string;
  contenders: readonly Name[];
  /** Titles of contenders that appear only here. */
  titles?: Partial<Record<Name, string>>;
  /** The metric that decides, by which contenders are compared. */
  decides: Metric;
  goals: readonly Goal<Name>[];
  /** Why it could not be done as described, where that is so. */
  note?: string;
  /** Measures one contender once, in a process of its own. */
  measure(contender: Name, pace: Pace): Promise<Sample>;
}

/** Thrown by a measurement that this contender can't take part in; the others go on. */
export class LeftOut extends Error {}

/** A case: the experiments that belong together. */
export interface Case<Name extends string = string> {
  name: string;
  title: string;
  /** The experiments for `pace`. */
  experiments(pace: Pace): Experiment<Name>[] | Promise<Experiment<Name>[]>;
}
