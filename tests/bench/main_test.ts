/**
 * The benchmarks themselves: that they run and tell figures that can be.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Results } from "../../bench/results.ts";

const root = new URL("../../", import.meta.url);
/** The benchmarks read what only Linux tells. */
const ignore = Deno.build.os !== "linux";

/** Runs the benchmarks; gives their exit code, what they printed, and their results. */
async function bench(
  ...args: string[]
): Promise<{ code: number; text: string; results?: Results }> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/results.json`;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "bench/main.ts", "--json", file, ...args],
      cwd: root,
      stdin: "null",
    }).output();
    const text = new TextDecoder().decode(stdout) +
      new TextDecoder().decode(stderr);
    if (code !== 0) return { code, text };
    return { code, text, results: JSON.parse(await Deno.readTextFile(file)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "the line echo case measures ours and a peer, and keeps what it found",
  ignore,
  async fn() {
    const { results, text } = await bench(
      "line_echo",
      ...["--only", "ours,bare"],
      ...["--rounds", "1", "--seconds", "0.05"],
    );
    assert(results !== undefined, text);
    assertEquals(results.failures, []);
    assert(results.machine.cores >= 1);
    assertEquals(results.versions.deno, Deno.version.deno);
    const names = results.experiments.map(({ name }) => name);
    assertEquals(names, ["line_echo/1", "line_echo/16"]);
    for (const { contenders } of results.experiments) {
      for (const { metrics: { cost, rate, p50, p99 } } of contenders) {
        assert(cost && rate && p50 && p99, text);
        assert(cost.median > 0 && rate.median > 0, text);
        assert(p50.median <= p99.median, text);
      }
    }
    const [{ contenders: [ours, bare] }] = results.experiments;
    assertEquals([ours.name, bare.name], ["ours", "bare"]);
    assert(bare.ratio, text);
    const toBare = results.goals.filter(({ value }) => value !== undefined);
    assertEquals(toBare.map(({ limit }) => limit), ["≤ 1.1"]);
  },
});

Deno.test({
  name: "a case that there is not is refused with the names of all cases",
  ignore,
  async fn() {
    const { code, text } = await bench("lime_echo");
    assertEquals(code, 2);
    assert(text.includes("lime_echo"), text);
    assert(text.includes("line_echo, byte_relay"), text);
  },
});
