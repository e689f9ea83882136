/**
 * Who is measured: our server and its peers, and how each is started.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** A server program that can do a job. */
export interface Contender {
  title: string;
  /** The command that runs it; the job and its arguments follow. */
  command: string[];
  /** A command that succeeds where the contender can run. */
  probe?: string[];
}

const deno = [Deno.execPath(), "run", "--allow-all", "--quiet"];
const node = "node";
const luajit = "luajit";

function file(name: string): string {
  return fileURLToPath(new URL(`servers/${name}`, import.meta.url));
}

/** All contenders. */
export const contenders = {
  ours: { title: "ours", command: [...deno, file("ours.ts")] },
  hand: {
    title: "hand-written Deno",
    command: [...deno, file("hand_written.ts")],
  },
  bare: { title: "bare loop on Deno", command: [...deno, file("bare.ts")] },
  node_deno: {
    title: "node:net on Deno",
    command: [...deno, file("node_net.mjs")],
  },
  node: {
    title: "node:net on Node",
    command: [node, file("node_net.mjs")],
    probe: [node, "--version"],
  },
  lua: {
    title: "Copas on LuaJIT",
    command: [luajit, file("copas.lua")],
    probe: [luajit, "-e", "require 'copas'"],
  },
} satisfies Record<string, Contender>;

/** The name of a contender. */
export type ContenderName = keyof typeof contenders;

/** The contenders that can't run here, and why. */
export async function missingContenders(): Promise<Map<ContenderName, string>> {
  const missing = new Map<ContenderName, string>();
  await installCopas();
  for (const [name, contender] of Object.entries(contenders)) {
    const { probe } = contender as Contender;
    if (probe === undefined || await succeeds(probe)) continue;
    missing.set(
      name as ContenderName,
      `\`${probe.join(" ")}\` does not succeed here`,
    );
  }
  return missing;
}

/** Debian's packages of the original, where they are missing and can be installed. */
async function installCopas(): Promise<void> {
  if (await succeeds(contenders.lua.probe)) return;
  if (Deno.uid() !== 0 || !await succeeds(["apt-get", "--version"])) return;
  console.error("Installing lua-copas and luajit …");
  const install = ["apt-get", "install", "-y", "lua-copas", "luajit"];
  if (await succeeds(install)) return;
  await succeeds(["apt-get", "update"]);
  await succeeds(install);
}

/** Whether a command is there and ends well. */
export async function succeeds([name, ...args]: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(name, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
