/**
 * The errors of our sockets as `node:net` has them: libraries tell them apart by
 * `code`.
 *
 * @module
 */

import { CancelledError, ClosedError, TimeoutError } from "../errors/errors.ts";

/** The error as node's; what has a code of the system's already stays as it is. */
export function nodeError(error: Error, syscall: string): Error {
  const code = codeOf(error);
  if (code === undefined) return error;
  const made = new Error(error.message, { cause: error });
  return Object.assign(made, { code, syscall });
}

function codeOf(error: Error): string | undefined {
  if (error instanceof TimeoutError) return "ETIMEDOUT";
  if (error instanceof CancelledError) return "ECANCELED";
  if (!(error instanceof ClosedError)) return undefined;
  const { cause } = error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  // `EINTR` is how Deno says that this side has closed the socket.
  return typeof code === "string" && code !== "EINTR" ? code : "ECONNRESET";
}
