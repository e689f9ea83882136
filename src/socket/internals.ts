/**
 * The way from a public socket to what stands behind it, for the other rooms of
 * the library. `mod.ts` does not export it.
 *
 * @module
 */

import type { StreamEndpoint } from "./stream_endpoint.ts";

/** The key under which a stream socket has its endpoint. */
export const ENDPOINT: unique symbol = Symbol("Copas endpoint");

/** The endpoint of a stream socket: securing it with a side, equipping it with `sslparams`, abandoning it. */
export function endpointOf(
  socket: { readonly [ENDPOINT]: StreamEndpoint },
): StreamEndpoint {
  return socket[ENDPOINT];
}
