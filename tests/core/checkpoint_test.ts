// Every await of a call is a checkpoint: a loop of calls that never have to
// wait, or always fail, stops nothing, whatever it catches. Where it did, the
// process hung: so each call has a process of its own.

import { assertEquals } from "@std/assert";
import { calls } from "../fixtures/checkpoint_calls.ts";
import { runScript } from "../fixtures/socket_child.ts";

const main = new URL("../fixtures/checkpoint_main.ts", import.meta.url);

for (const name of Object.keys(calls)) {
  Deno.test(`a loop of calls stops neither timers, nor I/O, nor its own removal: ${name}`, async () => {
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "-A", "--unstable-net", main.href, name],
      signal: AbortSignal.timeout(15_000),
    }).output();
    const decoder = new TextDecoder();
    assertEquals(decoder.decode(stderr), "");
    assertEquals(decoder.decode(stdout).trim().split("\n"), [
      "a timer of Deno's rang",
      "a sleeper woke",
      "an answer came",
      "a thread was removed",
      "the loop ended",
    ]);
  });
}

for (const call of ["loop()", "step(0)", "race(() => [1])", "pcall(() => 1)"]) {
  Deno.test(`nor does one outside every thread stop timers: ${call}`, async () => {
    const script = `import copas from "{mod}";
      const end = performance.now() + 2000;
      setTimeout(() => { console.log("rang"); Deno.exit(); }, 1);
      while (performance.now() < end) await copas.${call};
      Deno.exit(1);`;
    assertEquals(await runScript(script, []), {
      code: 0,
      stdout: "rang\n",
      stderr: "",
    });
  });
}
