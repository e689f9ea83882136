/**
 * Deno's errors of a read, write or accept, and the {@linkcode ClosedError} that
 * Copas makes of them. Those about addresses are in `src/net/address_error.ts`,
 * those of a TLS handshake in `src/tls/failure.ts`.
 *
 * @module
 */

import { ClosedError, type TransferErrorOptions } from "./errors.ts";

/** Deno's errors that say that a connection is gone, in the words of Copas. */
const GONE: [new (message: string) => Error, string][] = [
  [Deno.errors.ConnectionReset, "the peer reset the connection"],
  [Deno.errors.ConnectionAborted, "the connection was aborted"],
  [Deno.errors.BrokenPipe, "the peer closed the connection"],
  [Deno.errors.NotConnected, "the socket is not connected"],
  [Deno.errors.UnexpectedEof, "the peer vanished"],
  [Deno.errors.BadResource, "the socket is closed"],
  [Deno.errors.Interrupted, "the socket is closed"],
];

/**
 * Makes the {@linkcode ClosedError} for an error of a read or write.
 *
 * @param messagePrefix says what failed, on which socket: `"Cannot receive from S"`
 * @param cause what the read or write has thrown
 * @param options what had been transferred until then
 */
export function closedError(
  messagePrefix: string,
  cause: unknown,
  options: TransferErrorOptions = {},
): ClosedError {
  const known = GONE.find(([type]) => cause instanceof type);
  const why = known?.[1] ??
    (cause instanceof Error ? cause.message : String(cause));
  return new ClosedError(`${messagePrefix}: ${why}`, { ...options, cause });
}

/** Tells whether `error` is one of Deno's that say that a connection or listener is gone. */
export function isGone(error: unknown): boolean {
  return GONE.some(([type]) => error instanceof type);
}
