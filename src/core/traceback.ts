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
  const text = error === undefined ? "" : textOf(error);
  const lines = [text === "" ? names : `${text} ${names}`, ...stackOf(error)];
  tellCauses(error, new Set([error]), lines);
  return lines.join("\n");
}

function tellCauses(
  error: unknown,
  told: Set<unknown>,
  lines: string[],
): void {
  if (!(error instanceof Error)) return;
  const causes = error instanceof AggregateError ? [...error.errors] : [];
  if (error.cause !== undefined) causes.push(error.cause);
  for (const cause of causes) {
    if (told.has(cause)) continue;
    told.add(cause);
    lines.push(`Caused by: ${textOf(cause)}`, ...stackOf(cause));
    tellCauses(cause, told, lines);
  }
}

/** Whatever was thrown, on one line if it can be. */
function textOf(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return typeof error === "string" ? error : Deno.inspect(error);
}

function stackOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return (error.stack ?? "").split("\n").filter((line) =>
    line.startsWith("    at ")
  );
}
