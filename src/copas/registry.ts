/**
 * What a dispatcher and its views have in common, beside the threads.
 *
 * @module
 */

import { socketName } from "../net/address.ts";
import type { DatagramServer } from "../server/datagram_server.ts";
import type { StreamServer } from "../server/stream_server.ts";
import { DatagramSocket } from "../socket/datagram_socket.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import { NO_TIMEOUTS, type Timeouts } from "../socket/timeouts.ts";
import type { Socket } from "../socket/kinds.ts";

/** A connection that has a Copas socket. */
interface Wrapped {
  [property: symbol]: Socket;
}

/** What is known about the sockets and listeners of Deno's. */
export class SocketRegistry {
  /**
   * The property in which a connection of Deno's has its Copas socket. V8 would
   * keep what a `WeakMap` holds, and copy it again and again, until the next
   * full garbage collection: a server's connections are too many for that.
   */
  readonly #wrapped = Symbol("Copas socket");
  /** The sockets of connections that take no property. */
  readonly #wrappedFrozen = new WeakMap<object, Socket>();
  /** The servers, by listener or datagram socket. */
  readonly servers: WeakMap<object, StreamServer | DatagramServer> =
    new WeakMap();
  /** The names that listeners were given. */
  readonly listenerNames: WeakMap<object, string> = new WeakMap();
  /** Whether the connection of a handler is closed when the handler ends. */
  autoclose = true;
  readonly #timeouts = new WeakMap<object, Timeouts>();

  /** The Copas socket that `conn` is, or that it was wrapped in. */
  known(conn: unknown): Socket | undefined {
    if (conn instanceof StreamSocket || conn instanceof DatagramSocket) {
      return conn;
    }
    if (typeof conn !== "object" || conn === null) return undefined;
    return Object.hasOwn(conn, this.#wrapped)
      ? (conn as Wrapped)[this.#wrapped]
      : this.#wrappedFrozen.get(conn);
  }

  /** From now on, `socket` is that of `conn`. */
  remember(conn: object, socket: Socket): void {
    if (Object.isExtensible(conn)) (conn as Wrapped)[this.#wrapped] = socket;
    else this.#wrappedFrozen.set(conn, socket);
  }

  /** The name of a listener: that which it was given, or one that tells its address. */
  nameOf(listener: Deno.Listener): string {
    let name = this.listenerNames.get(listener);
    if (name === undefined) {
      name = socketName("server", listener.addr);
      this.listenerNames.set(listener, name);
    }
    return name;
  }

  /** What the sockets that a listener accepts start with. */
  timeoutsOf(listener: Deno.Listener): Timeouts {
    return this.#timeouts.get(listener) ?? NO_TIMEOUTS;
  }

  /** Changes it. */
  setTimeouts(listener: Deno.Listener, timeouts: Timeouts): void {
    this.#timeouts.set(listener, timeouts);
  }
}
