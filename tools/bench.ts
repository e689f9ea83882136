// Runs the benchmarks. They need no `@std`, so JSR is not asked for it.

import { runDeno } from "./deno_process.ts";

if (import.meta.main) {
  Deno.exit(
    await runDeno(["run", "--allow-all", "bench/main.ts", ...Deno.args]),
  );
}
