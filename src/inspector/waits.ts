/**
 * What a thread waits for, in words.
 *
 * @module
 */

import type { AnyWait } from "../core/wait.ts";

/** What a wait of each kind is for. */
const PURPOSE = {
  read: "receive",
  write: "send",
  sleep: "sleep",
  outside: "operation",
} as const;

/** Describes a wait: `"receive: echo:client_1"`, `"lock_1: owned by thread_2, 3 waiting"`. */
export function describeWait(wait: AnyWait): string {
  if (wait.tool !== undefined) return String(wait.tool);
  if (wait.kind === "sleep" && wait.lastsUntilWoken) {
    return "sleep until it is woken";
  }
  const { name } = (wait.socket ?? {}) as { name?: unknown };
  return name === undefined
    ? PURPOSE[wait.kind]
    : `${PURPOSE[wait.kind]}: ${name}`;
}
