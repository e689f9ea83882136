/**
 * What waits are for, in the words of metrics, reports and pages.
 *
 * @module
 */

import { nameOf } from "./traceback.ts";
import type { AnyWait } from "./wait.ts";

/** What a wait of each kind is for. */
export const PURPOSE = {
  read: "receive",
  write: "send",
  sleep: "sleep",
  outside: "operation",
} as const;

/**
 * Describes a wait: `"receive on echo:client_1"`, `"sleep"`; one for a tool by
 * the tool's `toString()`.
 *
 * @param own the socket whose name is left out, because the reader knows it
 */
export function describeWait(
  { kind, socket, tool }: AnyWait,
  own?: unknown,
): string {
  if (tool !== undefined) return String(tool);
  const name = socket === own ? undefined : nameOf(socket);
  return name === undefined ? PURPOSE[kind] : `${PURPOSE[kind]} on ${name}`;
}
