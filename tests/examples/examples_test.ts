// What all examples have in common.

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  exampleNames,
  folder,
  isServer,
  readExample,
  readFirstComment,
} from "./fixtures/first_comment.ts";
import { denoRun, flagsOf } from "./fixtures/running_example.ts";

const names = exampleNames();
const servers = names.filter(isServer);

/** Runs an example that is expected to end at once; gives what it wrote to stderr. */
async function complaintOf(
  name: string,
  flags: string[],
  port: number,
): Promise<string> {
  const { success, stdout, stderr } = await denoRun([
    ...flags,
    `examples/${name}.ts`,
  ], [`${port}`]).output();
  assertEquals(success, false, name);
  assertEquals(new TextDecoder().decode(stdout), "", name);
  return new TextDecoder().decode(stderr);
}

Deno.test("the first comment of every example says what it shows, how to run it, how to talk to it", () => {
  assert(names.length >= 8);
  for (const name of names) {
    const { summary, flags, talk } = readFirstComment(name);
    assertMatch(summary, /^[A-Z].*\.$/, name);
    // The user is not asked to allow more than the example needs.
    for (const flag of flags) {
      assertMatch(flag, /^--(unstable-[a-z-]+|allow-[a-z]+=\S+)$/, name);
    }
    assertMatch(talk, /\S.*\S/, name);
  }
});

/** What two examples import besides Copas: what draws a progress bar, and the protocols of browsers. */
const others: Record<string, RegExp> = {
  download_progress: /^(node:process|npm:cli-progress@\S+)$/,
  web_chat: /^(node:http|npm:ws@\S+)$/,
};

Deno.test("every example imports Copas and nothing else, but for two that show a library", () => {
  for (const name of names) {
    const text = readExample(name);
    const specifiers = text.matchAll(
      /^(?:import|export)\b[^;]*?"([^"]+)";|\b(?:import|require)\s*\(\s*"?([^")]*)/gm,
    );
    for (const [, specifier, imported] of specifiers) {
      const what = specifier ?? imported;
      if (others[name]?.test(what)) continue;
      assertMatch(what, /^jsr:@copas\/copas(\/\w+)*$/, name);
    }
    assertMatch(text, /from "jsr:@copas\/copas(\/\w+)*";/, name);
  }
});

Deno.test("every example has a test of its own", () => {
  const own = new URL(import.meta.url).pathname;
  const tests = Array.from(
    Deno.readDirSync(new URL(".", import.meta.url)),
    (entry) => new URL(entry.name, import.meta.url),
  ).filter(({ pathname }) => pathname.endsWith("_test.ts") && pathname !== own)
    .map((test) => Deno.readTextFileSync(test)).join("\n");
  for (const name of names) assertStringIncludes(tests, `"${name}"`);
});

Deno.test("the types of every example are right", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", ...names.map((name) => `${name}.ts`)],
    cwd: folder,
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assert(success);
});

Deno.test("an example whose port is taken says so and ends", async () => {
  assert(servers.length >= 10);
  await Promise.all(servers.map(async (name) => {
    using held = name === "udp_server" ? holdUdp() : holdTcp();
    const { port } = held.addr as Deno.NetAddr;
    const flags = flagsOf(name, { ":8080": `:${port}`, ":6379": `:${port}` });
    const complaint = await complaintOf(name, flags, port);
    assertMatch(complaint, /AddrInUse/, name);
    // This one has no listener of Copas's.
    if (name === "migrate_blocking_server") return;
    const why = `Cannot bind 127.0.0.1:${port}: the address is in use`;
    assertStringIncludes(complaint, why, name);
  }));
});

Deno.test("an example without its flags says which one is missing and ends", async () => {
  await Promise.all(servers.map(async (name) => {
    const complaint = await complaintOf(name, [], 8080);
    assertMatch(
      complaint,
      name === "udp_server"
        ? /run with --unstable-net/
        : name === "web_chat"
        ? /run again with the --allow-env flag/
        : name === "migrate_blocking_server"
        ? /run again with the --allow-net flag/
        : /run with --allow-net=127\.0\.0\.1:8080/,
      name,
    );
  }));
});

function holdTcp() {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

function holdUdp() {
  const conn = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });
  return { addr: conn.addr, [Symbol.dispose]: () => conn.close() };
}
