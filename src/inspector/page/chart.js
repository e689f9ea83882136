// A chart of samples over time.

import { h } from "./libraries/preact.js";
import { useEffect, useRef } from "./libraries/hooks.js";
import htm from "./libraries/htm.js";

const html = htm.bind(h);
const HEIGHT = 130;
const dark = matchMedia("(prefers-color-scheme: dark)");

/** `series` names members of the samples, and what they are called. */
export function Chart({ title, samples, ticks, format, series }) {
  const place = useRef();
  const plot = useRef();
  const dataOf = () => [
    samples.map(({ at }) => at),
    ...series.map(([name]) => samples.map((sample) => sample[name])),
  ];
  useEffect(() => {
    const draw = () => {
      plot.current?.destroy();
      plot.current = new globalThis.uPlot(
        settings(place.current, series, format),
        dataOf(),
        place.current,
      );
    };
    const observer = new ResizeObserver(([{ contentRect }]) =>
      plot.current?.setSize({ width: contentRect.width, height: HEIGHT })
    );
    draw();
    observer.observe(place.current);
    dark.addEventListener("change", draw);
    return () => {
      observer.disconnect();
      dark.removeEventListener("change", draw);
      plot.current.destroy();
    };
  }, []);
  useEffect(() => plot.current.setData(dataOf()), [ticks]);
  const last = samples.at(-1);
  const values = series.map(([name, label], index) =>
    html`<span class=${index === 0 ? "first" : "second"} title=${label}> ${
      last === undefined ? "" : format(last[name])
    }${series.length > 1 ? ` ${label}` : ""}</span>`
  );
  const told = series.map(([name, label]) =>
    `${label} ${last === undefined ? "unknown" : format(last[name])}`
  );
  return html`
    <section class="chart">
      <h2>${title}<span>${values}</span></h2>
      <div ref=${place} role="img" aria-label=${`${title}: ${
        told.join(", ")
      }`}></div>
    </section>
  `;
}

function settings(place, series, format) {
  const style = getComputedStyle(place);
  const color = (name) => {
    // The canvas does not know light-dark(): an element's own color does.
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    place.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const colors = [color("--accent"), color("--second")];
  const axis = {
    stroke: color("--faint"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most * 1.1, 1)] } },
    axes: [
      {
        ...axis,
        size: 22,
        space: 90,
        values: [
          [60, "{HH}:{mm}", null, null, null, null, null, null, 1],
          [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1],
        ],
      },
      { ...axis, size: 68, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...series.map(([, label], index) => ({
        label,
        stroke: colors[index],
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}
