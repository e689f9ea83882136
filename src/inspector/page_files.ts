/**
 * The files of the page: its own, and the libraries that it takes from npm, all
 * as text, so that the page needs no network and no build.
 *
 * @module
 */

import hooks from "npm:preact@11.2.0/hooks" with { type: "text" };
import htm from "npm:htm@3.1.1" with { type: "text" };
import preact from "npm:preact@11.2.0" with { type: "text" };
import uplot from "npm:uplot@1.6.32/dist/uPlot.iife.min.js" with {
  type: "text",
};
import uplotCss from "npm:uplot@1.6.32/dist/uPlot.min.css" with {
  type: "text",
};
import chart from "./page/chart.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import icon from "./page/icon.svg" with { type: "text" };
import orders from "./page/orders.js" with { type: "text" };
import css from "./page/page.css" with { type: "text" };
import html from "./page/page.html" with { type: "text" };
import page from "./page/page.js" with { type: "text" };
import table from "./page/table.js" with { type: "text" };

/** A file that the page loads. */
interface PageFile {
  type: string;
  text: string;
}

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** By their addresses: the type and the text of each. */
export const pageFiles: ReadonlyMap<string, PageFile> = new Map(
  Object.entries({
    "/chart.js": chart,
    "/format.js": format,
    "/icon.svg": icon,
    "/orders.js": orders,
    "/page.css": css,
    "/page.html": html,
    "/page.js": page,
    "/table.js": table,
    // The browser has both beside each other, without a map of imports.
    "/libraries/hooks.js": hooks.replaceAll(
      'from"preact"',
      'from"./preact.js"',
    ),
    "/libraries/htm.js": htm,
    "/libraries/preact.js": preact,
    "/libraries/uplot.js": uplot,
    "/libraries/uplot.css": uplotCss,
  }).map(([path, text]) => [
    path,
    { type: TYPES[path.slice(path.lastIndexOf(".") + 1)], text },
  ]),
);
