/**
 * Draws the chart for the README from kept results, with Vega-Lite: it makes
 * SVG without a browser.
 *
 * @module
 */

import { parse, View } from "npm:vega@6.4.0";
import { compile, type TopLevelSpec } from "npm:vega-lite@6.5.0";
import type { ExperimentResults, Results } from "./results.ts";

/** The experiments of the chart, and the title of each panel. */
const panels: Record<string, string> = {
  "line_echo/1": "One line in flight: lines a second",
  "line_echo/16": "16 lines in flight: lines a second",
};

/** The name of each contender, as the README's table has it. */
const names: Record<string, string> = {
  ours: "Copas for Deno",
  hand: "line loop by hand, Deno.listen",
  node_deno: "node:net on Deno",
  node: "node:net on Node",
  lua: "Copas on LuaJIT",
  bare: "loop that ignores the bytes",
};

/** The colours of one of the two charts. */
export interface Colours {
  background: string;
  ours: string;
  others: string;
  ink: string;
}

/** On a light page. */
export const LIGHT: Colours = {
  background: "#ffffff",
  ours: "#0b6e4f",
  others: "#b8c4ce",
  ink: "#1f2933",
};

/** On a dark page. */
export const DARK: Colours = {
  background: "#0d1117",
  ours: "#3fb28a",
  others: "#4a5866",
  ink: "#e6edf3",
};

/** Draws results into a file. */
export async function drawChart(
  results: Results,
  colours: Colours,
  to: URL,
): Promise<void> {
  const { spec } = compile(chart(results, colours));
  const svg = await new View(parse(spec), { renderer: "none" }).toSVG();
  await Deno.mkdir(new URL(".", to), { recursive: true });
  await Deno.writeTextFile(to, svg + "\n");
}

function chart({ experiments }: Results, colours: Colours): TopLevelSpec {
  return {
    background: colours.background,
    padding: 12,
    config: {
      font: "system-ui, sans-serif",
      view: { stroke: null },
      axis: {
        labelFontSize: 13,
        labelColor: colours.ink,
        domain: false,
        ticks: false,
      },
      title: { color: colours.ink },
    },
    spacing: 20,
    vconcat: Object.keys(panels)
      .map((name) => experiments.find((each) => each.name === name))
      .filter((each) => each !== undefined)
      .map((each) => panel(each, colours)),
  };
}

function panel({ name, contenders }: ExperimentResults, colours: Colours) {
  const values = Object.keys(names).flatMap((key) => {
    const rate = contenders.find((each) => each.name === key)?.metrics.rate;
    if (rate === undefined) return [];
    const label = Math.round(rate.median).toLocaleString("en");
    return [{ contender: names[key], ours: key === "ours", ...rate, label }];
  });
  const highest = Math.max(...values.map(({ median }) => median));
  const y = {
    field: "contender",
    type: "nominal" as const,
    sort: null,
    axis: { title: null, labelLimit: 0, labelPadding: 6 },
  };
  const x = {
    type: "quantitative" as const,
    axis: null,
    // With room for the number behind the longest bar.
    scale: { domain: [0, highest * 1.35], nice: false },
  };
  return {
    title: {
      text: panels[name],
      anchor: "start" as const,
      frame: "group" as const,
      fontSize: 14,
    },
    data: { values },
    width: 270,
    height: { step: 24 },
    encoding: { y },
    layer: [
      {
        mark: { type: "bar" as const, height: 16 },
        encoding: {
          x: { field: "median", ...x },
          color: {
            condition: { test: "datum.ours", value: colours.ours },
            value: colours.others,
          },
        },
      },
      {
        mark: {
          type: "text" as const,
          align: "left" as const,
          dx: 5,
          fontSize: 13,
          color: colours.ink,
        },
        encoding: {
          x: { field: "median", ...x },
          text: { field: "label", type: "nominal" as const },
        },
      },
    ],
  };
}
