/**
 * What sockets are called that were given no name.
 *
 * @module
 */

import { formatAddr, socketName } from "../net/address.ts";

/**
 * The name of a stream socket: by its connection, as LuaSocket prints it.
 *
 * @param target the address that the caller connects the socket to, as the caller wrote it
 * @param conn the connection of a socket that did not connect itself
 */
export function streamName(target?: string, conn?: Deno.Conn): string {
  if (target !== undefined) return `tcp{client}: ${target}`;
  return conn === undefined
    ? "tcp{master}"
    : socketName("client", conn.remoteAddr);
}

/** The name of a datagram socket: by the address that it is bound to. */
export function datagramName(conn?: Deno.DatagramConn): string {
  return conn === undefined ? "udp{unbound}" : `udp: ${formatAddr(conn.addr)}`;
}
