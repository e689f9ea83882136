/**
 * LuaSocket's functions that make sockets.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { Network } from "../net/network.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import {
  readSocketOptions,
  type StreamSocketOptions,
} from "./socket_options.ts";
import { StreamSocket } from "./stream_socket.ts";

/** `copas.socket`: makes sockets as LuaSocket does. */
export class SocketFactory {
  readonly #scheduler: Scheduler;
  readonly #network: Network;

  /**
   * Made by the dispatcher: use `copas.socket`.
   *
   * @ignore
   */
  constructor(scheduler: Scheduler, network: Network) {
    this.#scheduler = scheduler;
    this.#network = network;
  }

  /**
   * Listens on an address of this machine.
   *
   * @param host a name or an address; `"*"` is every address
   * @param port 0 is any free port: ask `server.addr`
   * @param backlog how many connections the system keeps until they are
   * accepted. Default: 4096, so that a thousand that come at once get in
   * @returns the listener, for `copas.addserver`
   * @throws {Deno.errors.AddrInUse} when the port is taken
   * @throws {Deno.errors.NotCapable} when the permission is missing
   * @throws {ScopeError} when the address is outside the network scope of the dispatcher
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when the port or the backlog is out of range
   */
  bind(host: string, port: number, backlog = 4096): Deno.TcpListener {
    return this.#network.listen(host, port, backlog);
  }

  /**
   * Makes a stream socket that is not connected yet.
   *
   * @param options its name, timeouts, limits and `sslparams`
   * @throws {TypeError} when an option is unknown or of the wrong type
   * @throws {RangeError} when a limit is out of range
   */
  tcp(options?: StreamSocketOptions): StreamSocket {
    return new StreamSocket(
      this.#scheduler,
      this.#network,
      undefined,
      readSocketOptions("tcp()", options),
    );
  }

  /** Makes a datagram socket that has no address yet. To use it needs `--unstable-net`. */
  udp(): DatagramSocket {
    return new DatagramSocket(this.#scheduler, this.#network);
  }

  /**
   * Makes a stream socket and connects it to `host` and `port`.
   *
   * @param host a name or an address
   * @param port 1 to 65535
   * @param options `timeout` in seconds, default: no limit; `signal` to give up
   * @returns the socket, connected
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {ScopeError} when the address is outside the network scope of the dispatcher
   * @throws {Deno.errors.ConnectionRefused} when nothing listens there; Deno's other network errors as they are
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when the port is out of range
   */
  connect(
    host: string,
    port: number,
    options?: WaitOptions,
  ): Promise<StreamSocket> {
    return this.tcp().connect(host, port, options);
  }
}
