/**
 * The way from a public socket to what stands behind it, for the other rooms of
 * the library. `mod.ts` does not export it.
 *
 * @module
 */

import type { DatagramEndpoint } from "./datagram_endpoint.ts";
import type { StreamEndpoint } from "./stream_endpoint.ts";

/** The key under which a socket has its endpoint. */
export const ENDPOINT: unique symbol = Symbol("Copas endpoint");

/** The endpoint of a socket. That of a stream socket secures it with a side, equips it with `sslparams`, abandons it; both hold a call against another view's scope. */
export function endpointOf<Endpoint extends StreamEndpoint | DatagramEndpoint>(
  socket: { readonly [ENDPOINT]: Endpoint },
): Endpoint {
  return socket[ENDPOINT];
}
