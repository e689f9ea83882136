// Runs the benchmarks. They need no `@std`, so nobody asks where it is to be had.

import { runDeno } from "./deno_process.ts";

if (import.meta.main) {
  Deno.exit(
    await runDeno(["run", "--allow-all", "bench/main.ts", ...Deno.args]),
  );
}
