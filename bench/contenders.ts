/**
 * Who is measured: our server and its peers, and how each is started.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** A server that takes part in the comparison. */
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
  /** Debian's packages that it needs; without them it is left out. */
  packages?: string[];
}

const deno = [Deno.execPath(), "run", "--allow-all", "--quiet"];

/** All contenders. */
export const contenders = {
  ours: { title: "ours", folder: "ours", extension: "ts", command: deno },
  arrays: {
    title: "ours, a new array for each receive",
    folder: "ours",
    extension: "ts",
    command: deno,
  },
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
    packages: ["lua-copas", "luajit"],
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

/** What a contender is called in the tables of an experiment. */
export function titleOf(
  name: string,
  { titles }: { titles?: Partial<Record<string, string>> } = {},
): string {
  const known: Record<string, Contender> = contenders;
  return titles?.[name] ?? known[name]?.title ?? name;
}

/** The command that runs a program of a contender: `stream`, `datagram`, and so on. */
export function commandOf(name: ContenderName, program: string): string[] {
  const { command, folder, extension } = contenders[name];
  const file = `contenders/${folder}/${program}.${extension}`;
  return [...command, fileURLToPath(new URL(file, import.meta.url))];
}

/**
 * The contenders that can't run here, and why. Those of Debian's packages are
 * installed first, where that can be done.
 *
 * @param wanted those that are asked for; all when nothing is said
 */
export async function missingContenders(
  wanted?: string[],
): Promise<Map<string, string>> {
  const missing = new Map<string, string>();
  const all: [string, Contender][] = Object.entries(contenders);
  for (const [name, { probe, packages }] of all) {
    if (probe === undefined || wanted?.includes(name) === false) continue;
    if (await succeeds(probe)) continue;
    if (packages !== undefined) await install(packages);
    if (await succeeds(probe)) continue;
    missing.set(name, `\`${probe.join(" ")}\` does not succeed here`);
  }
  return missing;
}

/** Installs Debian's packages, where this process may. */
async function install(packages: string[]): Promise<void> {
  if (Deno.uid() !== 0 || !await succeeds(["apt-get", "--version"])) return;
  console.error(`Installing ${packages.join(" and ")} …`);
  const command = ["apt-get", "install", "-y", ...packages];
  if (await succeeds(command)) return;
  await succeeds(["apt-get", "update"]);
  await succeeds(command);
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
