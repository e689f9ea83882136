// Links between the pages of the project lead to files and headings that exist.

import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

async function* pagesIn(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* pagesIn(new URL(`${name}/`, folder));
    else if (name.endsWith(".md")) yield new URL(name, folder);
  }
}

/** The anchors of a page's headings, as GitHub and VitePress make them. */
function anchorsOf(text: string): Set<string> {
  const headings = withoutCode(text).matchAll(/^#+ (.*)$/gm);
  return new Set(Array.from(headings, ([, heading]) =>
    heading.toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-")));
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, "");
}

Deno.test("every link between pages leads to a file and a heading that exist", async () => {
  const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
    .concat("CODE_OF_CONDUCT.md", "CHANGELOG.md", "bench/README.md")
    .map((name) => new URL(name, root));
  for await (const page of pagesIn(new URL("docs/", root))) pages.push(page);
  const dead: string[] = [];
  for (const page of pages) {
    const text = withoutCode(await Deno.readTextFile(page));
    for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const target = new URL(link, page);
      const anchor = decodeURIComponent(target.hash.slice(1));
      target.hash = "";
      const found = await Deno.readTextFile(target).catch(() => undefined);
      const good = found !== undefined &&
        (anchor === "" || anchorsOf(found).has(anchor));
      if (!good) {
        dead.push(`${page.pathname.slice(root.pathname.length)}: ${link}`);
      }
    }
  }
  assertEquals(dead, []);
});
