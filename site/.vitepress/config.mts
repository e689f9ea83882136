// The site: the pages of docs/ with search, and the generated reference beside
// them under /api/. tools/site.ts puts the pages into site/pages/ first.

import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

const pages = new URL("../pages/", import.meta.url);

/** The pages of a folder by their first headings, without those that stand elsewhere. */
function pagesOf(folder: string, elsewhere: string[] = []) {
  return readdirSync(new URL(folder, pages))
    .filter((name) => name.endsWith(".md"))
    .map((name) => name.slice(0, -".md".length))
    .filter((name) => !elsewhere.includes(name))
    .sort()
    .map((name) => ({
      text: /^# (.*)$/m.exec(
        readFileSync(new URL(`${folder}${name}.md`, pages), "utf8"),
      )?.[1] ?? name,
      link: `/${folder}${name}`,
    }));
}

/** The pages of docs/ that the sidebar names one by one. */
const named = [
  "design",
  "errors",
  "faq",
  "recipes",
  "testing",
  "troubleshooting",
  "which_tool",
];

export default defineConfig({
  title: "Copas for Deno",
  description:
    "A socket server library for Deno: one dispatcher, thousands of connections",
  srcDir: "pages",
  outDir: "dist",
  cacheDir: "node_modules/.cache",
  cleanUrls: true,
  lastUpdated: false,
  // Generated beside the pages, after they were built; files beside the pages.
  ignoreDeadLinks: [/^\/api\//, /\.lua$/],
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Guide", link: "/docs/guide/" },
      { text: "Recipes", link: "/docs/recipes" },
      { text: "Deployment", link: "/docs/deployment" },
      { text: "Reference", link: "/api/index.html", target: "_self" },
    ],
    sidebar: [
      {
        text: "Guide",
        items: [
          { text: "Tutorial", link: "/docs/guide/tutorial" },
          { text: "The ideas", link: "/docs/guide/ideas" },
          { text: "Which tool when", link: "/docs/which_tool" },
          { text: "Recipes", link: "/docs/recipes" },
          { text: "Testing", link: "/docs/testing" },
        ],
      },
      {
        text: "Topics",
        items: pagesOf("docs/", named),
      },
      {
        text: "Coming from",
        items: pagesOf("docs/coming_from/"),
      },
      {
        text: "When something is wrong",
        items: [
          { text: "Errors", link: "/docs/errors" },
          { text: "Troubleshooting", link: "/docs/troubleshooting" },
          { text: "Questions", link: "/docs/faq" },
        ],
      },
      {
        text: "The project",
        items: [
          { text: "Design", link: "/docs/design" },
          { text: "Changelog", link: "/CHANGELOG" },
          { text: "Contributing", link: "/CONTRIBUTING" },
          { text: "Security", link: "/SECURITY" },
        ],
      },
    ],
  },
});
