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
  const pages = Array.from(filesIn("docs", ".md"));
  // Not all that lies below: the inspector's page is modules for a browser.
  const modules = ["src", "tests", "examples", "bench", "tools"]
    .flatMap((folder) => Array.from(filesIn(folder, ".ts")));
  return [
    ["format", ["fmt", "--check"]],
    ["lint", ["lint"]],
    ["types", ["check", ...std, "mod.ts", ...modules]],
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

/** The files in a folder and below it whose names end with `ending`. */
function* filesIn(folder: string, ending: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(path, ending);
    else if (name.endsWith(ending)) yield path;
  }
}
