/**
 * What the dispatcher does with a socket, and its user does not.
 *
 * @module
 */

import { DatagramSocket } from "../socket/datagram_socket.ts";
import { endpointOf } from "../socket/internals.ts";
import type { Socket } from "../socket/kinds.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";

/** Keeps `sslparams` in the socket, for the handshake to come. */
export function keepSslParams(
  socket: Socket,
  call: string,
  sslparams: SslParams | SslParamsSource,
  starttls?: boolean,
): void {
  if (socket instanceof DatagramSocket) throw datagramWithTls(call);
  endpointOf(socket).equip(call, sslparams, starttls);
}

/** Does the server's side of the handshake, with the `sslparams` that the socket keeps. */
export function secureAsServer(socket: StreamSocket): Promise<void> {
  return endpointOf(socket).secure(undefined, "server");
}

/** The error for `sslparams` of a datagram socket. */
export function datagramWithTls(call: string): TypeError {
  return new TypeError(`${call}: a datagram socket has no TLS`);
}
