// Runs the benchmarks, with `@std` from where it can be had.

import { runDeno } from "./deno_process.ts";
import { stdFlags } from "./std_source.ts";

if (import.meta.main) {
  const flags = await stdFlags();
  Deno.exit(
    await runDeno([
      "run",
      "--allow-all",
      ...flags,
      "bench/main.ts",
      ...Deno.args,
    ]),
  );
}
