/**
 * Draws the chart for the README from kept results, with Vega-Lite: it makes
 * SVG without a browser.
 *
 * @module
 */

import { parse, View } from "npm:vega@6.4.0";
import { compile, type TopLevelSpec } from "npm:vega-lite@6.5.0";
import type { ExperimentResults, Results } from "./results.ts";

/** The experiments of the chart, and their titles in it. */
const panels: Record<string, string> = {
  "line_echo/1": "Line echo, one line in flight",
  "line_echo/16": "Line echo, 16 lines in flight",
  "byte_relay/64": "Byte relay, 64 bytes",
  "byte_relay/16384": "Byte relay, 16 KiB",
  "unix": "Line echo over Unix sockets",
  "tls": "Line echo over TLS",
  "udp": "Datagram echo",
  "storm": "Connect, one line, close",
};

const OURS = "#0b6e4f";
const OTHERS = "#b8c4ce";
const INK = "#1f2933";

/** Draws results into a file. */
export async function drawChart(results: Results, to: URL): Promise<void> {
  const { spec } = compile(chart(results));
  const svg = await new View(parse(spec), { renderer: "none" }).toSVG();
  await Deno.mkdir(new URL(".", to), { recursive: true });
  await Deno.writeTextFile(to, svg + "\n");
}

function chart(results: Results): TopLevelSpec {
  const drawn = Object.keys(panels)
    .map((name) => results.experiments.find((each) => each.name === name))
    .filter((each) => each !== undefined);
  return {
    background: "white",
    padding: 12,
    title: {
      text: "Processor time of the server for a message, in µs: less is better",
      subtitle: subtitle(results),
      anchor: "start",
      fontSize: 15,
      subtitleFontSize: 11,
      subtitlePadding: 6,
      offset: 14,
    },
    config: {
      font: "system-ui, sans-serif",
      view: { stroke: null },
      axis: { labelFontSize: 11, labelColor: INK, domain: false, ticks: false },
      title: { color: INK },
    },
    columns: 2,
    spacing: 28,
    concat: drawn.map(panel),
  };
}

function subtitle(
  { machine, versions, date, experiments }: Results,
): string[] {
  const rounds = Math.max(
    ...experiments.flatMap(({ contenders }) =>
      contenders.map(({ rounds }) => rounds.length)
    ),
  );
  return [
    `Median of ${rounds} rounds, and their range. ${machine.processor}, ` +
    `${machine.cores} cores, ${machine.kernel}, ${date.slice(0, 10)}.`,
    Object.entries({
      Deno: versions.deno,
      Node: versions.node,
      "Copas (Lua)": versions["copas.lua"]?.replace("Copas ", ""),
    }).filter(([, version]) => version !== undefined)
      .map(([name, version]) => `${name} ${version}`).join(", "),
  ];
}

function panel({ name, contenders }: ExperimentResults) {
  const highest = Math.max(
    ...contenders.map(({ metrics: { cost } }) => cost?.high ?? 0),
  );
  const values = contenders.map(({ name, title, metrics: { cost } }) => ({
    contender: name === "ours" ? "Copas for Deno" : title,
    ours: name === "ours",
    ...cost,
    label: cost?.median.toPrecision(3),
  }));
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
    scale: { domain: [0, highest * 1.2], nice: false },
  };
  return {
    title: { text: panels[name], anchor: "start" as const, fontSize: 12 },
    data: { values },
    width: 260,
    height: { step: 20 },
    encoding: { y },
    layer: [
      {
        mark: { type: "bar" as const, height: 14 },
        encoding: {
          x: { field: "median", ...x },
          color: {
            condition: { test: "datum.ours", value: OURS },
            value: OTHERS,
          },
        },
      },
      {
        mark: { type: "rule" as const, color: INK, opacity: 0.6 },
        encoding: { x: { field: "low", ...x }, x2: { field: "high" } },
      },
      {
        mark: {
          type: "text" as const,
          align: "left" as const,
          dx: 6,
          fontSize: 11,
          color: INK,
        },
        encoding: {
          x: { field: "high", ...x },
          text: { field: "label", type: "nominal" as const },
        },
      },
    ],
  };
}
