/**
 * What a server reports about its listener.
 *
 * @module
 */

import { show } from "../errors/arguments.ts";
import { ClosedError } from "../errors/errors.ts";
import type { ServerHost } from "./server_host.ts";

/** Reports that no connection can be accepted now. */
export function reportAcceptFailure(
  host: ServerHost,
  listener: Deno.Listener,
  error: unknown,
): void {
  const why = error instanceof Error ? error.message : show(error);
  const message = `cannot accept: ${why}; trying again until it works`;
  const cause = error;
  report(host, listener, new Error(`${host.name()}: ${message}`, { cause }));
}

/** Reports that the program itself has closed the listener. */
export function reportClosedListener(
  host: ServerHost,
  listener: Deno.Listener,
): void {
  const message =
    "the listener was closed by other code than removeserver(): the server accepts no more";
  report(host, listener, new ClosedError(`${host.name()}: ${message}`));
}

function report(
  { scheduler }: ServerHost,
  listener: Deno.Listener,
  error: Error,
): void {
  scheduler.report(error, scheduler.main, listener);
}
