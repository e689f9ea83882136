/**
 * The benchmarks: our server and its peers, measured in turn.
 *
 *     deno task bench                     all cases, in a minute
 *     deno task bench line_echo idle      some of them, in three rounds
 *     deno task bench --full              all loads and peers, in five rounds
 *     deno task bench --only ours,bare    only these contenders
 *     deno task bench --rounds 9          other numbers of rounds, or --seconds
 *     deno task bench --json FILE         where the results go
 *     deno task bench --save              keeps the results as bench/results/latest.json
 *     deno task bench --chart             draws docs/bench.svg and docs/bench_dark.svg
 *
 * `README.md` beside this file says what is measured and how.
 *
 * @module
 */

import { cases } from "./cases.ts";
import { missingContenders, titleOf } from "./contenders.ts";
import { judge } from "./goals.ts";
import { machine, versions } from "./machine.ts";
import { type Options, parseOptions } from "./options.ts";
import { endAll } from "./processes.ts";
import {
  type ExperimentResults,
  type GoalResult,
  type Results,
  summarize,
} from "./results.ts";
import { runCase } from "./rounds.ts";
import { experimentTable, goalTable } from "./table.ts";

const latest = new URL("results/latest.json", import.meta.url);
const charts = {
  light: new URL("../docs/bench.svg", import.meta.url),
  dark: new URL("../docs/bench_dark.svg", import.meta.url),
};

if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      endAll();
      Deno.exit(130);
    });
  }
  Deno.exit(await main(Deno.args));
}

async function main(args: string[]): Promise<number> {
  const options = parseOptions(args, cases.map(({ name }) => name));
  if (typeof options === "string") {
    console.error(options);
    return 2;
  }
  if (options.chart) return await draw();
  const results = await run(options);
  console.log(`\nGoals\n${goalTable(results.goals)}`);
  const text = JSON.stringify(results, undefined, 2) + "\n";
  for (const file of files(options, results.date)) {
    await Deno.writeTextFile(file, text);
    console.log(`\nSaved ${file instanceof URL ? file.pathname : file}`);
  }
  return results.failures.length === 0 ? 0 : 1;
}

async function run({ pace, names, only }: Options): Promise<Results> {
  const date = new Date().toISOString();
  const missing = await missingContenders(only);
  const leftOut = [...missing].map(([name, why]) => `${titleOf(name)}: ${why}`);
  for (const line of leftOut) console.log(`Without ${line}`);
  const takesPart = (name: string): boolean =>
    !missing.has(name) && (only === undefined || only.includes(name));
  const experiments: ExperimentResults[] = [];
  const goals: GoalResult[] = [];
  const failures: string[] = [];
  for (const each of cases.filter(({ name }) => names.includes(name))) {
    const run = await runCase(each, pace, takesPart, showProgress);
    showProgress("");
    leftOut.push(...run.leftOut);
    failures.push(...run.failures);
    for (const line of run.leftOut) console.log(`\nWithout ${line}`);
    for (const failure of run.failures) console.log(`\nFAILED ${failure}`);
    for (const experiment of run.experiments) {
      const samples = run.samples.get(experiment.name)!;
      const results = summarize(experiment, samples);
      console.log(`\n${experimentTable(results)}`);
      experiments.push(results);
      goals.push(...judge(experiment, run.samples));
    }
  }
  return {
    date,
    full: pace.full,
    machine: await machine(),
    versions: await versions(),
    experiments,
    goals,
    leftOut,
    failures,
  };
}

/** Draws the chart of the kept results. */
async function draw(): Promise<number> {
  let text: string;
  try {
    text = await Deno.readTextFile(latest);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("No results are kept yet: run deno task bench --full --save");
    return 1;
  }
  // Only the chart needs a library.
  const { DARK, drawChart, LIGHT } = await import("./chart.ts");
  const results: Results = JSON.parse(text);
  await drawChart(results, LIGHT, charts.light);
  await drawChart(results, DARK, charts.dark);
  for (const { pathname } of Object.values(charts)) {
    console.log(`Drew ${pathname}`);
  }
  return 0;
}

/** One line that is written over, where there is a terminal. */
function showProgress(what: string): void {
  if (!Deno.stderr.isTerminal()) return;
  Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${what}`));
}

/** Where the results go. */
function files({ save, json }: Options, date: string): (URL | string)[] {
  if (json !== undefined) return [json];
  const name = date.replace(/[:.]/g, "-");
  const dated = new URL(`results/${name}.json`, import.meta.url);
  return save ? [dated, latest] : [dated];
}
