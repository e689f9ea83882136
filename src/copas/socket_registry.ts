/**
 * Which Copas socket belongs to which connection of Deno's.
 *
 * @module
 */

import type { Socket } from "../socket/kinds.ts";
import { DatagramSocket } from "../socket/datagram_socket.ts";
import { StreamSocket } from "../socket/stream_socket.ts";

/** A connection that has a Copas socket. */
interface Wrapped {
  [property: symbol]: Socket;
}

/** The Copas sockets of connections, for a dispatcher and its views. */
export class SocketRegistry {
  /**
   * The property in which a connection of Deno's has its Copas socket. V8 would
   * keep what a `WeakMap` holds, and copy it again and again, until the next
   * full garbage collection: a server's connections are too many for that.
   */
  readonly #socket = Symbol("Copas socket");
  /** The sockets of connections that take no property. */
  readonly #socketsOfFrozen = new WeakMap<object, Socket>();

  /** The Copas socket that `conn` is, or that it was wrapped in. */
  socketOf(conn: unknown): Socket | undefined {
    if (conn instanceof StreamSocket || conn instanceof DatagramSocket) {
      return conn;
    }
    if (typeof conn !== "object" || conn === null) return undefined;
    return Object.hasOwn(conn, this.#socket)
      ? (conn as Wrapped)[this.#socket]
      : this.#socketsOfFrozen.get(conn);
  }

  /** Makes `socket` the Copas socket of `conn`. */
  register(conn: object, socket: Socket): void {
    if (Object.isExtensible(conn)) (conn as Wrapped)[this.#socket] = socket;
    else this.#socketsOfFrozen.set(conn, socket);
  }
}
