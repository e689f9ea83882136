/**
 * Who does not use `node:tls` does not load it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";

interface Module {
  specifier: string;
  dependencies?: {
    code?: { specifier?: string };
    isDynamic?: boolean;
  }[];
}

Deno.test("importing the library loads neither node:tls nor what needs it", async () => {
  const root = new URL("../../", import.meta.url);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "mod.ts"],
    cwd: root,
    stderr: "null",
  }).output();
  const graph = JSON.parse(new TextDecoder().decode(stdout));
  const modules = new Map<string, Module>(
    graph.modules.map((module: Module) => [module.specifier, module]),
  );
  const reached = new Set<string>();
  const visit = (specifier: string) => {
    if (reached.has(specifier)) return;
    reached.add(specifier);
    for (
      const { code, isDynamic } of modules.get(specifier)?.dependencies ?? []
    ) {
      if (code?.specifier && !isDynamic) visit(code.specifier);
    }
  };
  visit(new URL("mod.ts", root).href);
  assert(reached.has(new URL("src/tls/secure.ts", root).href), "TLS is there");
  const heavy = ["tls", "net", "stream", "crypto", "buffer"]
    .filter((name) => reached.has(`node:${name}`));
  assertEquals(heavy, []);
});
