/**
 * What the dispatcher does with a socket, and its user does not.
 *
 * @module
 */

import { DatagramSocket } from "../socket/datagram_socket.ts";
import type { Socket } from "../socket/kinds.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import { socketFriend } from "../socket/tls_endpoint.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";

/** Keeps `sslparams` in the socket, for the handshake to come. */
export function keepSslParams(
  socket: Socket,
  call: string,
  sslparams: SslParams | SslParamsSource,
): void {
  if (socket instanceof DatagramSocket) throw datagramWithTls(call);
  socketFriend.equip(socket, call, sslparams);
}

/** Does the server's side of the handshake, with the `sslparams` that the socket keeps. */
export function secureAsServer(socket: StreamSocket): Promise<void> {
  return socketFriend.secure(socket, undefined, "server");
}

/** Closes a socket at once: what it has not written yet is lost. */
export function abandonSocket(socket: unknown): void {
  if (socket instanceof StreamSocket) socket.abandon();
  else if (socket instanceof DatagramSocket) socket.close();
}

/** The error for `sslparams` of a datagram socket. */
export function datagramWithTls(call: string): TypeError {
  return new TypeError(`${call}: a datagram socket has no TLS`);
}
