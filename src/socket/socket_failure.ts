/**
 * The error of a read or write that has failed, with what it says about the
 * connection.
 *
 * @module
 */

import { breakOf, endOf } from "../errors/connection_end.ts";
import type { ClosedError, TransferErrorOptions } from "../errors/errors.ts";
import { closedError, isGone } from "../errors/platform.ts";
import type { SocketIdentity } from "./socket_identity.ts";

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
