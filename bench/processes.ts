/**
 * The processes of the benchmarks: a server for each measurement, and the load
 * that measures it. None outlives its measurement, nor this process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { commandOf, type ContenderName } from "./contenders.ts";
import type { Target } from "./system/sockets.ts";

/** As many open files as the system allows: a shell can raise the limit for itself only. */
const raiseLimit =
  'ulimit -n 200000 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"';

const running = new Set<Deno.ChildProcess>();

/** A running server. */
export interface Server {
  pid: number;
  target: Target;
}

/** Runs `use` with a server: a program of `contender`, with arguments. */
export async function withServer<T>(
  contender: ContenderName,
  [program, ...args]: string[],
  use: (server: Server) => Promise<T>,
): Promise<T> {
  return await withCommand([...commandOf(contender, program), ...args], use);
}

/** Runs `use` with a server that a command starts, and that tells its address in its first line. */
export async function withCommand<T>(
  command: string[],
  use: (server: Server) => Promise<T>,
): Promise<T> {
  const child = spawn(command);
  try {
    const line = await firstLine(child.stdout);
    const target = line.startsWith("/")
      ? { path: line }
      : { port: Number(line) };
    return await use({ pid: child.pid, target });
  } finally {
    await stop(child);
  }
}

/** Runs a load generator and gives what it measured. */
export async function runLoad<M>(name: string, options: unknown): Promise<M> {
  const file = fileURLToPath(new URL(`load/${name}.ts`, import.meta.url));
  return await runScript<M>(file, [JSON.stringify(options)]);
}

/** Runs a program of a contender to its end and gives the JSON that it prints. */
export async function runProgram<M>(
  contender: ContenderName,
  [program, ...args]: string[],
): Promise<M> {
  return JSON.parse(
    await runCommand([...commandOf(contender, program), ...args]),
  );
}

/** Runs a script in a Deno of its own and gives the JSON that it prints. */
export async function runScript<M>(file: string, args: string[]): Promise<M> {
  const flags = ["run", "--allow-all", "--quiet"];
  return JSON.parse(
    await runCommand([Deno.execPath(), ...flags, file, ...args]),
  );
}

/** Runs a command to its end and gives what it prints. */
export async function runCommand(command: string[]): Promise<string> {
  const child = spawn(command);
  try {
    const output = await new Response(child.stdout).text();
    const { success, code } = await child.status;
    if (success) return output;
    throw new Error(
      `Cannot measure: \`${
        command.join(" ").slice(0, 200)
      }\` ended with code ${code}`,
    );
  } finally {
    await stop(child);
  }
}

/** How many files a process of the benchmarks may have open. */
export async function openFilesLimit(): Promise<number> {
  return Number(await runCommand(["sh", "-c", "ulimit -n"]));
}

/** Ends all processes that were started; for a signal that ends this one. */
export function endAll(): void {
  for (const child of running) kill(child);
}

function spawn(command: string[]): Deno.ChildProcess {
  const child = new Deno.Command("sh", {
    args: ["-c", raiseLimit, "sh", ...command],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  running.add(child);
  return child;
}

async function stop(child: Deno.ChildProcess): Promise<void> {
  kill(child);
  await child.status;
  if (!child.stdout.locked) await child.stdout.cancel();
  running.delete(child);
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("Cannot measure: the server ended at its start");
    text += value;
  }
  // Whatever else it prints is of no interest, but the pipe must not fill up.
  (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {});
  return text.slice(0, text.indexOf("\n")).trim();
}
