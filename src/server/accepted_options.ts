/**
 * What the sockets of a server's connections start with.
 *
 * @module
 */

import type { StreamEndpointOptions } from "../socket/socket_options.ts";
import { countIn, type ServerCounters } from "./counters.ts";
import type { ServerOptions } from "./options.ts";

/** The options of accepted sockets; a limit that closes one is counted. */
export function acceptedOptions(
  { timeout: _, name: __, ...options }: ServerOptions,
  { closed }: ServerCounters,
): StreamEndpointOptions {
  const closedBy = (limit: string) => countIn(closed, limit);
  return { ...options, accepted: true, closedBy };
}
