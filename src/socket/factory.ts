/**
 * LuaSocket's makers of sockets.
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

  /** For Copas itself: use `copas.socket`. */
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
   * @throws {Deno.errors.AddrInUse} when the port is taken, {Deno.errors.NotCapable} when the permission is missing
   */
  bind(host: string, port: number, backlog = 4096): Deno.TcpListener {
    return this.#network.listen(host, port, backlog);
  }

  /** Makes a stream socket that is not connected yet. */
  tcp(options?: StreamSocketOptions): StreamSocket {
    return new StreamSocket(
      this.#scheduler,
      this.#network,
      undefined,
      readSocketOptions("tcp()", options),
    );
  }

  /** Makes a datagram socket without an address yet. Using it needs `--unstable-net`. */
  udp(): DatagramSocket {
    return new DatagramSocket(this.#scheduler, this.#network);
  }

  /**
   * Connects to `host` and `port`.
   *
   * @param options `timeout` in seconds, `signal` to give up
   * @throws {TimeoutError} when the time was up
   * @throws {Deno.errors.ConnectionRefused} and Deno's other network errors
   */
  connect(
    host: string,
    port: number,
    options?: WaitOptions,
  ): Promise<StreamSocket> {
    return this.tcp().connect(host, port, options);
  }
}
