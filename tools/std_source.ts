// Decides where the tests, benches and tools get `@std` from: JSR where it
// answers or has answered before, else the stand-ins in tests/std/.

import config from "../deno.json" with { type: "json" };
import { captureDeno, root } from "./deno_process.ts";

/** How long JSR may take, in seconds. */
const patience = 5;

/** The stand-in for each specifier, seen from the top folder. */
const standIns: Record<string, string> = {
  "@std/assert": "./tests/std/assert.ts",
  "@std/async": "./tests/std/async.ts",
  "@std/net": "./tests/std/net.ts",
};

/**
 * The flags that make `@std` resolve. Where JSR doesn't answer they mean the
 * stand-ins, and print nothing: the tests pass with both.
 *
 * @param forced Use the stand-ins even where JSR answers, and say so on stderr.
 * @returns Flags for any subcommand of Deno that loads modules; none for JSR.
 */
export async function stdFlags(forced = false): Promise<string[]> {
  if (forced) {
    console.error("Using the stand-ins in tests/std for @std, as asked.");
    return [importMapFlag()];
  }
  if (await jsrAnswers()) return [];
  return [importMapFlag()];
}

/** Whether everything that the tests take from JSR is cached or can be fetched. */
async function jsrAnswers(): Promise<boolean> {
  const specifiers = Object.keys(standIns)
    .map((name) => (config.imports as Record<string, string>)[name]);
  const { success } = await captureDeno(["cache", ...specifiers], patience);
  return success;
}

/**
 * An import map given as a flag takes the place of all `imports` of deno.json,
 * while its other settings stay in force. So this one repeats those imports and
 * changes only `@std`. As a data URL it needs no file to be kept or removed.
 */
function importMapFlag(): string {
  const imports = Object.entries({ ...config.imports, ...standIns })
    .map(([name, target]) => [
      name,
      target.startsWith("./") ? new URL(target, root).href : target,
    ]);
  const map = JSON.stringify({ imports: Object.fromEntries(imports) });
  return `--import-map=data:application/json,${encodeURIComponent(map)}`;
}
