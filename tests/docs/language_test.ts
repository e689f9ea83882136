// Comments, messages and pages name who acts: the caller, the peer, the thread.

import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url);

/** Words that hide who acts, and figures of speech that pages had once. */
const unclear = [
  /\b(?:some(?:body|one)|nobody|every(?:body|one)|any(?:body|one)|whoever)\b/i,
  /\b(?:his|himself|whom)\b/i,
  /\bone who\b/i,
  /takes of the processor/,
  /without a word\b/,
  /less than the process may/i,
  /rules its DNS/,
];

/** What has these words as data. */
const exceptions = ["tools/doc_lint.ts"];

async function* textsIn(path: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(path, root))) {
    const name = path + entry.name;
    if (entry.isDirectory) {
      if (!/^(node_modules|\.|results)/.test(entry.name)) {
        yield* textsIn(`${name}/`);
      }
    } else if (/\.(md|ts|lua)$/.test(name)) yield name;
  }
}

Deno.test("pages, comments and messages name who acts", async () => {
  const names = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
    .concat("CODE_OF_CONDUCT.md", "mod.ts");
  for (const folder of ["docs/", "examples/", "src/", "tools/", "bench/"]) {
    for await (const name of textsIn(folder)) names.push(name);
  }
  const found: string[] = [];
  for (const name of names) {
    if (exceptions.includes(name)) continue;
    const text = await Deno.readTextFile(new URL(name, root));
    for (const [i, line] of text.split("\n").entries()) {
      if (unclear.some((pattern) => pattern.test(line))) {
        found.push(`${name}:${i + 1}: ${line.trim().slice(0, 200)}`);
      }
    }
  }
  assertEquals(found, []);
});
