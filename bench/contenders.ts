/**
 * Who is measured: our server and its peers, and how each is started.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** One who takes part. */
export interface Contender {
  title: string;
  /** The folder of its programs in `contenders/`. */
  folder: string;
  /** How the names of its programs end. */
  extension: string;
  /** The command that runs a program. */
  command: string[];
  /** A command that succeeds where the contender can run. */
  probe?: string[];
}

const deno = [Deno.execPath(), "run", "--allow-all", "--quiet"];

/** All contenders. */
export const contenders = {
  ours: { title: "ours", folder: "ours", extension: "ts", command: deno },
  hand: {
    title: "hand-written Deno",
    folder: "hand_written",
    extension: "ts",
    command: deno,
  },
  bare: {
    title: "bare loop on Deno",
    folder: "bare",
    extension: "ts",
    command: deno,
  },
  node_deno: {
    title: "node:net on Deno",
    folder: "node",
    extension: "mjs",
    command: deno,
  },
  node: {
    title: "node:net on Node",
    folder: "node",
    extension: "mjs",
    command: ["node"],
    probe: ["node", "--version"],
  },
  lua: {
    title: "Copas on LuaJIT",
    folder: "copas",
    extension: "lua",
    command: ["luajit"],
    probe: ["luajit", "-e", "require 'copas'"],
  },
  redis: {
    title: "redis-server",
    folder: "redis",
    extension: "sh",
    command: ["sh"],
    probe: ["redis-server", "--version"],
  },
} satisfies Record<string, Contender>;

/** The name of a contender. */
export type ContenderName = keyof typeof contenders;

/** What a contender is called in the tables. */
export function titleOf(name: string): string {
  return name in contenders ? contenders[name as ContenderName].title : name;
}

/** The command that runs a program of a contender: `stream`, `datagram`, and so on. */
export function commandOf(name: ContenderName, program: string): string[] {
  const { command, folder, extension } = contenders[name];
  const file = `contenders/${folder}/${program}.${extension}`;
  return [...command, fileURLToPath(new URL(file, import.meta.url))];
}

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
