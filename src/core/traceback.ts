/**
 * How an error of a thread is told.
 *
 * @module
 */

import type { Task } from "./task.ts";

/** The name of a thread or a socket, if it has one. */
export function nameOf(thing: unknown): string | undefined {
  const named = thing as { name?: unknown } | null | undefined;
  return typeof named?.name === "string" ? named.name : undefined;
}

/** An error with the names of its thread and its socket, its stack, and what caused it. */
export function traceback(
  error: unknown,
  task?: Task,
  socket?: unknown,
): string {
  const names = `(thread: ${task?.name ?? "none"}, socket: ${
    nameOf(socket) ?? "none"
  })`;
  if (!(error instanceof Error)) return `${String(error)} ${names}`;
  const lines = [`${error.name}: ${error.message} ${names}`, ...stackOf(error)];
  const seen = new Set<unknown>([error]);
  for (let { cause } = error; cause !== undefined && !seen.has(cause);) {
    seen.add(cause);
    if (!(cause instanceof Error)) {
      lines.push(`Caused by: ${String(cause)}`);
      break;
    }
    lines.push(`Caused by: ${cause.name}: ${cause.message}`, ...stackOf(cause));
    cause = cause.cause;
  }
  return lines.join("\n");
}

function stackOf(error: Error): string[] {
  return (error.stack ?? "").split("\n").filter((line) =>
    line.startsWith("    at ")
  );
}
