/**
 * How the dispatcher's functions find the Copas socket of what they are given.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Network } from "../net/network.ts";
import type { SocketRegistry } from "./registry.ts";
import { DatagramSocket } from "../socket/datagram_socket.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import { isDatagram, isStream, type Socket } from "../socket/kinds.ts";

/** Wraps the sockets of Deno's for one view of a dispatcher. */
export class SocketLookup {
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #shared: SocketRegistry;

  constructor(scheduler: Scheduler, network: Network, shared: SocketRegistry) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#shared = shared;
  }

  /** The Copas socket that `skt` is, or that it was wrapped in; else one that is made with `options`. */
  socket(call: string, skt: unknown, options?: StreamSocketOptions): Socket {
    return this.#shared.known(skt) ?? this.#make(call, skt, options);
  }

  /** The same for a call that only a stream socket has. */
  stream(call: string, skt: unknown): StreamSocket {
    const socket = this.socket(call, skt);
    if (socket instanceof StreamSocket) return socket;
    throw wrongType(call, "the socket", "a stream socket", skt);
  }

  /** The same for a call that only a datagram socket has. */
  datagrams(call: string, skt: unknown): DatagramSocket {
    const socket = this.socket(call, skt);
    if (socket instanceof DatagramSocket) return socket;
    throw wrongType(call, "the socket", "a datagram socket", skt);
  }

  #make(call: string, conn: unknown, options?: StreamSocketOptions): Socket {
    let socket: Socket;
    if (isStream(conn)) {
      socket = new StreamSocket(this.#scheduler, this.#network, conn, options);
    } else if (isDatagram(conn)) {
      socket = new DatagramSocket(
        this.#scheduler,
        this.#network,
        conn as Deno.DatagramConn,
      );
    } else {
      const expected = "a Deno.Conn, a Deno.DatagramConn or a Copas socket";
      throw wrongType(call, "the socket", expected, conn);
    }
    this.#shared.remember(conn, socket);
    return socket;
  }
}
