/**
 * The kinds of sockets, as Deno or as Copas has them, and how they are told
 * apart: by what they can do, so that every kind of Deno's is known.
 *
 * @module
 */

import { DatagramSocket } from "./datagram_socket.ts";
import type { StreamSocket } from "./stream_socket.ts";

/** A socket of either kind. */
export type Socket = StreamSocket | DatagramSocket;
/** A stream, as Deno or as Copas has it. */
export type StreamLike = Deno.Conn | StreamSocket;
/** A datagram socket, as Deno or as Copas has it. */
export type DatagramLike = Deno.DatagramConn | DatagramSocket;
/** A socket or a listener of either kind. */
export type SocketLike = StreamLike | DatagramLike | Deno.Listener;

/** Whether it is a listener. */
export function isListener(value: unknown): value is Deno.Listener {
  return has(value, "accept") && has(value, "addr");
}

/** Whether it is a connection. */
export function isStream(value: unknown): value is Deno.Conn {
  return has(value, "read") && has(value, "write") && has(value, "remoteAddr");
}

/** Whether it is a datagram socket. */
export function isDatagram(value: unknown): value is DatagramLike {
  return value instanceof DatagramSocket ||
    (has(value, "receive") && has(value, "addr"));
}

function has(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && key in value;
}
