// The task that runs examples.

import { assertEquals, assertStringIncludes } from "@std/assert";

const root = new URL("../../", import.meta.url);

async function example(
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "tools/example.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("a port in use is told in a line that says which argument changes it", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const { code, stdout, stderr } = await example("chat_server", `${port}`);
  assertEquals(code, 1);
  assertEquals(stdout, "");
  assertEquals(
    stderr,
    `Port ${port} of 127.0.0.1 is in use. Give another one: ` +
      `deno task example chat_server ${port + 1}\n`,
  );
});

Deno.test("an example that does not exist is told with those that do", async () => {
  const { code, stderr } = await example("nonsense");
  assertEquals(code, 1);
  assertStringIncludes(stderr, "echo_server");
});
