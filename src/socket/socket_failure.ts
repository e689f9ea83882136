/**
 * The error of a read or write that has failed, with what it says about the
 * connection.
 *
 * @module
 */

import { breakOf, endOf } from "../errors/connection_end.ts";
import { ClosedError, type TransferErrorOptions } from "../errors/errors.ts";
import { closedError, isGone } from "../errors/platform.ts";
import { cannotSend, type SocketIdentity } from "./socket_identity.ts";

/** Makes the error of a read or write of `socket` that has failed with `cause`. */
export function socketFailure(
  socket: SocketIdentity,
  prefix: (socket: SocketIdentity) => string,
  cause: unknown,
  options?: TransferErrorOptions,
): ClosedError {
  const error = closedError(prefix(socket), cause, options);
  return isGone(cause) ? endOf(socket, error) : breakOf(socket, error);
}

/** The error for a stream that was written to `socket` and has broken off. */
export function streamBroke(
  socket: SocketIdentity,
  cause: unknown,
): ClosedError {
  const message = `${
    cannotSend(socket)
  }: the stream that was written to it broke off`;
  return new ClosedError(message, { cause });
}
