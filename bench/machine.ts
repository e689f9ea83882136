/**
 * The machine and the programs of a run: figures mean nothing without them.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

/** Where a run took place. */
export interface Machine {
  processor: string;
  cores: number;
  /** In GiB. */
  memory: number;
  kernel: string;
}

/** This machine. */
export async function machine(): Promise<Machine> {
  const cpus = await Deno.readTextFile("/proc/cpuinfo");
  return {
    processor: /^model name\s*:\s*(.*)$/m.exec(cpus)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memory: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    kernel: `Linux ${Deno.osRelease()}`,
  };
}

/** How each program tells its version. */
const questions: Record<string, string[]> = {
  commit: ["git", "describe", "--always", "--dirty"],
  node: ["node", "--version"],
  luajit: ["luajit", "-v"],
  "copas.lua": ["luajit", "-e", "print(require('copas')._VERSION)"],
  "lua-copas package": ["dpkg-query", "-W", "-f", "${Version}", "lua-copas"],
  redis: ["redis-server", "--version"],
};

/** The versions of all programs that are there. */
export async function versions(): Promise<Record<string, string>> {
  const versions: Record<string, string> = {
    copas: config.version,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
  for (const [name, question] of Object.entries(questions)) {
    const answer = await ask(question);
    if (answer !== undefined) versions[name] = answer;
  }
  return versions;
}

async function ask([name, ...args]: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(name, {
      args,
      cwd: new URL(".", import.meta.url),
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}
