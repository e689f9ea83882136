/**
 * What a dispatcher and its views know about listeners and servers.
 *
 * @module
 */

import { socketName } from "../net/address.ts";
import type { DatagramServer } from "../server/datagram_server.ts";
import type { StreamServer } from "../server/stream_server.ts";
import type { DatagramSocket } from "../socket/datagram_socket.ts";
import { NO_TIMEOUTS, type Timeouts } from "../socket/timeouts.ts";
import type { Workers } from "../workers/workers.ts";

/**
 * The servers, and the names and timeouts of listeners. A listener is Deno's
 * and has no place for them; it may have them before it is registered, and
 * keeps them when its server is removed.
 */
export class ServerRegistry {
  /** The server of each listener that was ever registered. */
  readonly streamServers: WeakMap<Deno.Listener, StreamServer> = new WeakMap();
  /** The server of each datagram socket that was ever registered. */
  readonly datagramServers: WeakMap<DatagramSocket, DatagramServer> =
    new WeakMap();
  /** The servers in workers that have not ended. */
  readonly workers: Set<Workers> = new Set();
  /** Whether the connection of a handler is closed when the handler ends. */
  autoclose = true;
  readonly #names = new WeakMap<Deno.Listener, string>();
  readonly #timeouts = new WeakMap<Deno.Listener, Timeouts>();

  /** The name of a listener: the one that it was given, else one that tells its address. */
  nameOf(listener: Deno.Listener): string {
    let name = this.#names.get(listener);
    if (name === undefined) {
      name = socketName("server", listener.addr);
      this.#names.set(listener, name);
    }
    return name;
  }

  /** Names a listener. */
  setName(listener: Deno.Listener, name: string): void {
    this.#names.set(listener, name);
  }

  /** The timeouts with which the sockets of a listener's connections start. */
  timeoutsOf(listener: Deno.Listener): Timeouts {
    return this.#timeouts.get(listener) ?? NO_TIMEOUTS;
  }

  /** Sets the timeouts with which the sockets of a listener's connections start. */
  setTimeouts(listener: Deno.Listener, timeouts: Timeouts): void {
    this.#timeouts.set(listener, timeouts);
  }
}
