// Runs the tests with the permissions they need and with leaks as failures.
// All of them print a dot each, those that are named a line each, and failures
// show in full. The last line is `N passed, N failed`, and `, N skipped` where some were.
//
//   deno task test                       all tests
//   deno task test tests/sync            those of a file or a folder
//   deno task test --filter "half-close" those whose names say so
//   deno task test --stand-ins           with the stand-ins for @std
//   deno task test --long                repeats what is random four times as often
//
// All other arguments go to `deno test`.

import { root, runDeno } from "./deno_process.ts";
import { showDots } from "./dots.ts";
import { stdFlags } from "./std_source.ts";
import { count, type Counts } from "./test_report.ts";

const flags = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-run",
  "--allow-env",
  "--allow-sys",
  "--no-prompt",
  "--unstable-net",
  "--unstable-worker-options",
  // `deno task check` does. Here the types would be checked anew in each worker.
  "--no-check",
  // Both are off unless asked for.
  "--sanitize-ops",
  "--sanitize-resources",
];

/** Arguments that are not for `deno test`. */
const ownFlags = ["--stand-ins", "--long"];

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const rest = args.filter((arg) => !ownFlags.includes(arg));
  if (args.includes("--long")) Deno.env.set("COPAS_LONG_TESTS", "1");
  const std = await stdFlags(args.includes("--stand-ins"));
  const where = namesFiles(rest) ? [] : ["tests/"];
  const dots = !choosesTests(rest);
  const folder = await Deno.makeTempDir({ prefix: "copas_test_" });
  try {
    const report = `${folder}/report.xml`;
    let code = await runDeno(
      [
        ...["test", ...flags, ...std, ...(dots ? ["--reporter=dot"] : [])],
        ...[`--junit-path=${report}`, ...where, ...rest],
      ],
      dots && !Deno.stdout.isTerminal() ? showDots : undefined,
    );
    const counts = await readCounts(report);
    if (code === 0 && counts.passed === 0) {
      console.error("No test ran.");
      code = 1;
    }
    // A module that can't be loaded, or a crash, is in no report.
    if (code !== 0) counts.failed ||= 1;
    // A crash may have left a line without its end.
    console.log(`\n${summary(counts)}`);
    return code;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function readCounts(report: string): Promise<Counts> {
  try {
    return count(await Deno.readTextFile(report));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

function summary({ passed, failed, skipped }: Counts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}

/** Whether the arguments name some of the tests, or say how to report them. */
function choosesTests(args: string[]): boolean {
  return namesFiles(args) ||
    args.some((arg) => /^--(filter|reporter)\b/.test(arg));
}

/** Whether the arguments say which tests to run: then it isn't all of tests/. */
function namesFiles(args: string[]): boolean {
  return args.some((arg, i) => {
    if (arg.startsWith("-") || args[i - 1] === "--filter") return false;
    if (arg.endsWith(".ts") || arg.includes("*")) return true;
    try {
      Deno.statSync(new URL(arg, root));
      return true;
    } catch {
      return false;
    }
  });
}
