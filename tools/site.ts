// Builds the site of the documentation in site/dist/: the pages of docs/ with
// search, by VitePress, and the reference beside them, by `deno doc`. Needs the
// npm registry.

import config from "../deno.json" with { type: "json" };
import { root, runDeno } from "./deno_process.ts";

/** What of the top folder belongs to the site; `docs/` goes along whole. */
const topPages = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "CODE_OF_CONDUCT.md",
];

const pages = new URL("site/pages/", root);

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  await Deno.remove(pages, { recursive: true }).catch(() => {});
  await copyFolder(new URL("docs/", root), new URL("docs/", pages));
  const examples = new URL("public/examples/", pages);
  await copyFolder(new URL("examples/", root), examples);
  // The list of the examples is a page; they are files beside the site.
  await Deno.mkdir(new URL("examples/", pages));
  await Deno.rename(
    new URL("README.md", examples),
    new URL("examples/README.md", pages),
  );
  for (const name of topPages) {
    await copyPage(new URL(name, root), new URL(name, pages));
  }
  await Deno.mkdir(new URL("bench/", pages), { recursive: true });
  for (const name of ["README.md", "NOTES.md"]) {
    await copyPage(
      new URL(`bench/${name}`, root),
      new URL(`bench/${name}`, pages),
    );
  }
  // The first page of the site is the README.
  await Deno.rename(new URL("README.md", pages), new URL("index.md", pages));
  const built = await runDeno([
    ...["run", "--allow-all", "--config=site/deno.json"],
    ...["npm:vitepress@1.6.4", "build", "site"],
  ]);
  if (built !== 0) return built;
  return await runDeno([
    ...["doc", "--html", "--name=Copas for Deno", "--output=site/dist/api"],
    ...Object.values(config.exports),
  ]);
}

/** Copies a folder; pages are made fit for the site. */
async function copyFolder(from: URL, to: URL): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) {
      await copyFolder(new URL(`${name}/`, from), new URL(`${name}/`, to));
    } else {
      await copyPage(new URL(name, from), new URL(name, to));
    }
  }
}

/**
 * Copies a file. In a page, links to examples point to the files beside the
 * site, `ts ignore` is `ts`, and no brace is a placeholder of Vue.
 */
async function copyPage(from: URL, to: URL): Promise<void> {
  if (!from.pathname.endsWith(".md")) return await Deno.copyFile(from, to);
  const text = (await Deno.readTextFile(from))
    .replaceAll("```ts ignore\n", "```ts\n")
    .replaceAll(/\]\((?:\.\.\/)*(examples\/[^)]+)\)/g, "](/$1)");
  await Deno.writeTextFile(to, text);
}
