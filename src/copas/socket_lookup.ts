/**
 * Finds the Copas socket of what a function of the dispatcher is given: which
 * one belongs to which connection of Deno's.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { wrongType } from "../errors/arguments.ts";
import type { Network } from "../net/network.ts";
import { DatagramSocket } from "../socket/datagram_socket.ts";
import type { DatagramSocketOptions } from "../socket/datagram_endpoint.ts";
import { isDatagram, isStream, type Socket } from "../socket/kinds.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
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

/** Finds sockets, and makes those that are missing with the network of one view. */
export class SocketLookup {
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #registry: SocketRegistry;

  constructor(
    scheduler: Scheduler,
    network: Network,
    registry: SocketRegistry,
  ) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#registry = registry;
  }

  /** The Copas socket that `skt` is, or that it was wrapped in; else one that is made with `options`. */
  find(
    call: string,
    skt: unknown,
    options?: StreamSocketOptions | DatagramSocketOptions,
  ): Socket {
    return this.#registry.socketOf(skt) ?? this.#wrap(call, skt, options);
  }

  /** The stream socket of `skt`. */
  findStream(call: string, skt: unknown): StreamSocket {
    const socket = this.find(call, skt);
    if (socket instanceof StreamSocket) return socket;
    throw wrongType(call, "the socket", "a stream socket", skt);
  }

  /** The datagram socket of `skt`. */
  findDatagram(call: string, skt: unknown): DatagramSocket {
    const socket = this.find(call, skt);
    if (socket instanceof DatagramSocket) return socket;
    throw wrongType(call, "the socket", "a datagram socket", skt);
  }

  /** The Copas socket that `skt` is, or that it was wrapped in, if it was. */
  known(skt: unknown): Socket | undefined {
    return this.#registry.socketOf(skt);
  }

  #wrap(
    call: string,
    conn: unknown,
    options?: StreamSocketOptions | DatagramSocketOptions,
  ): Socket {
    let socket: Socket;
    if (isStream(conn)) {
      socket = new StreamSocket(
        this.#scheduler,
        this.#network,
        conn,
        options as StreamSocketOptions,
      );
    } else if (isDatagram(conn)) {
      socket = new DatagramSocket(
        this.#scheduler,
        this.#network,
        conn as Deno.DatagramConn,
        options as DatagramSocketOptions,
      );
    } else {
      const expected = "a Deno.Conn, a Deno.DatagramConn or a Copas socket";
      throw wrongType(call, "the socket", expected, conn);
    }
    this.#registry.register(conn, socket);
    return socket;
  }
}
