/**
 * Results on the terminal.
 *
 * @module
 */

import { type Metric, metrics } from "./case.ts";
import type {
  ContenderResults,
  ExperimentResults,
  GoalResult,
} from "./results.ts";
import type { Spread } from "./statistics.ts";

/** The table of an experiment: a row for each contender. */
export function experimentTable(results: ExperimentResults): string {
  const { decides, contenders } = results;
  const shown = (Object.keys(metrics) as Metric[]).filter((metric) =>
    contenders.some((contender) => contender.metrics[metric] !== undefined)
  );
  const columns = [decides, ...shown.filter((metric) => metric !== decides)];
  const head = ["", metrics[decides].title, "spread", "ours/this", "spread"]
    .concat(columns.slice(1).map((metric) => metrics[metric].title));
  const rows = contenders.map((contender) =>
    contenderRow(contender, decides, columns)
  );
  const note = results.note === undefined ? "" : `\n  (${results.note})`;
  return `${results.title}${note}\n${align([head, ...rows])}`;
}

function contenderRow(
  contender: ContenderResults,
  decides: Metric,
  [, ...others]: Metric[],
): string[] {
  const { metrics: spreads, ratio } = contender;
  const show = (metric: Metric): string => {
    const value = spreads[metric]?.median;
    return value === undefined ? "" : number(value, metrics[metric].digits);
  };
  return [
    contender.title,
    show(decides),
    range(spreads[decides], metrics[decides].digits),
    ratio === undefined ? "" : number(ratio.median, 2),
    range(ratio, 2),
    ...others.map(show),
  ];
}

/** The goals of some experiments: what was to be reached, and what was. */
export function goalTable(goals: GoalResult[]): string {
  const rows = goals.map((goal) => [
    goal.experiment,
    goal.text,
    goal.limit,
    goal.value === undefined ? "not measured" : number(goal.value.median, 2),
    range(goal.value, 2),
    goal.met === undefined ? "" : goal.met ? "met" : "NOT MET",
  ]);
  return align([["", "goal", "", "measured", "spread", ""], ...rows], 2);
}

function number(value: number, digits: number): string {
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function range(spread: Spread | undefined, digits: number): string {
  if (spread === undefined || spread.low === spread.high) return "";
  return `${number(spread.low, digits)}–${number(spread.high, digits)}`;
}

/** Columns of equal width; the first ones are text, the others are flush right. */
function align(rows: string[][], text = 1): string {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  return rows.map((row) =>
    "  " +
    row.map((cell, column) =>
      column < text
        ? cell.padEnd(widths[column])
        : cell.padStart(widths[column])
    ).join("  ").trimEnd()
  ).join("\n");
}
