/**
 * What the sockets of a server's connections start with.
 *
 * @module
 */

import type { StreamEndpointOptions } from "../socket/socket_options.ts";
import type { ServerOptions } from "./options.ts";

/** The options of accepted sockets; a limit that closes one is counted. */
export function acceptedOptions(
  { timeout: _, name: __, ...options }: ServerOptions,
  meter: { closed(limit: string): void },
): StreamEndpointOptions {
  const closedBy = (limit: string) => meter.closed(limit);
  return { ...options, accepted: true, closedBy };
}
