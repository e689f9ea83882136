// Runs every check that needs no server: format, lint, types, documentation
// and the package. Each prints one line; its output shows only where it failed.

import config from "../deno.json" with { type: "json" };
import { captureDeno } from "./deno_process.ts";
import { stdFlags } from "./std_source.ts";

/** The name of a check, and Deno's arguments for it. */
type Step = [name: string, args: string[]];

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const std = await stdFlags(Deno.args.includes("--stand-ins"));
  let failed = 0;
  for (const [name, args] of steps(std)) {
    const { success, output } = await captureDeno(args);
    console.log(`${name}: ${success ? "ok" : "failed"}`);
    if (success) continue;
    failed++;
    console.log(output.trimEnd());
  }
  return failed === 0 ? 0 : 1;
}

function steps(std: string[]): Step[] {
  const entries = Object.values(config.exports);
  const pages = Array.from(pagesIn("docs"));
  return [
    ["format", ["fmt", "--check"]],
    ["lint", ["lint"]],
    ["types", ["check", ...std, "."]],
    ["documentation", ["doc", "--lint", ...entries]],
    [
      "documentation text",
      ["run", "--allow-read", "--allow-run", "tools/doc_lint.ts"],
    ],
    [
      "documentation examples",
      [
        ...["check", "--doc-only", ...std, "mod.ts", "src"],
        ...["README.md", ...pages],
      ],
    ],
    ["package", ["publish", "--dry-run", "--allow-dirty"]],
  ];
}

/** The pages in a folder and below it: of a folder, Deno takes the scripts only. */
function* pagesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* pagesIn(`${folder}/${name}`);
    else if (name.endsWith(".md")) yield `${folder}/${name}`;
  }
}
