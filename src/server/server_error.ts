/**
 * The errors of a server itself, not of a connection that it serves.
 *
 * @module
 */

import type { ServerHost } from "./server_host.ts";
import { show } from "../errors/arguments.ts";
import { ClosedError } from "../errors/errors.ts";

/** For the error handler: the server `name` can't accept now. */
export function acceptError(name: string, cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : show(cause);
  return new Error(
    `${name}: cannot accept: ${why}; trying again until it works`,
    { cause },
  );
}

/** For the error handler: the server ends, and the program may not know why. */
export function endError(name: string): ClosedError {
  return new ClosedError(
    `${name}: the listener was closed by other code than removeserver(): the server accepts no more`,
  );
}

/** For the caller of `call`, which needs a server that is open. */
export function closedError(call: string, name: string): ClosedError {
  return new ClosedError(`${call}: the listener is closed: ${name}`);
}

/** Reports an error of a server to the error handler. */
export function report(
  { scheduler }: ServerHost,
  listener: Deno.Listener,
  error: Error,
): void {
  scheduler.report(error, scheduler.main, listener);
}
