// Runs the Deno that runs this tool once more, as a child process.
//
// `Deno.execPath()` and not the word "deno": a machine may have Deno only
// through npx, and then there is no `deno` on the PATH.

import { watchAncestors } from "./ancestors.ts";

/** The top folder of the checkout, with a slash at its end. */
export const root: URL = new URL("../", import.meta.url);

const forwarded: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs Deno in the checkout with this terminal as its own.
 *
 * The child does not outlive this process: a signal that ends the one is passed
 * on to the other, and so is the end of the process that started this one.
 *
 * @param args Deno's arguments.
 * @param show Prints what the child writes to its standard output, in place of
 * the terminal itself.
 * @returns The exit code of the child.
 */
export async function runDeno(
  args: string[],
  show?: (output: ReadableStream<Uint8Array>) => Promise<void>,
): Promise<number> {
  let child: Deno.ChildProcess | undefined;
  const stop = (signal: Deno.Signal): void => {
    try {
      child?.kill(signal);
    } catch {
      // It has ended by itself in the meantime.
    }
  };
  const listeners = forwarded.map((signal) => {
    const listener = (): void => stop(signal);
    // Before the child is there: no moment may be left in which a signal would
    // end this process and not the child.
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  const unwatch = watchAncestors(() => stop("SIGTERM"));
  try {
    child = new Deno.Command(Deno.execPath(), {
      args,
      cwd: root,
      stdin: "inherit",
      stdout: show ? "piped" : "inherit",
      stderr: "inherit",
    }).spawn();
    await show?.(child.stdout);
    return (await child.status).code;
  } finally {
    unwatch();
    for (const { signal, listener } of listeners) {
      Deno.removeSignalListener(signal, listener);
    }
  }
}

/** What a finished child has left. */
export interface Result {
  /** Whether its exit code was 0. */
  success: boolean;
  /** What it wrote to its two outputs. */
  output: string;
}

/**
 * Runs Deno in the checkout and collects what it writes.
 *
 * @param args Deno's arguments.
 * @param seconds How long it may take; it is ended after that.
 * @returns Whether it succeeded, and its output.
 */
export async function captureDeno(
  args: string[],
  seconds?: number,
): Promise<Result> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    stdin: "null",
    signal: seconds === undefined
      ? undefined
      : AbortSignal.timeout(seconds * 1000),
  }).output();
  const decoder = new TextDecoder();
  return {
    success,
    output: decoder.decode(stdout) + decoder.decode(stderr),
  };
}
