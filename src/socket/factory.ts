/**
 * Makes sockets, with the names of LuaSocket's functions.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { Network } from "../net/network.ts";
import {
  checkDatagramOptions,
  type DatagramSocketOptions,
} from "./datagram_endpoint.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import {
  checkSocketOptions,
  type StreamSocketOptions,
} from "./socket_options.ts";
import type { ConnectOptions } from "./proxy_address.ts";
import { StreamSocket } from "./stream_socket.ts";

/**
 * `copas.socket`: makes sockets and listeners, as LuaSocket's functions do.
 *
 * @example A server and a client
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const server = copas.socket.bind("127.0.0.1", 0);
 * copas.addserver(server, copas.handler((skt) => skt.send("hello\n")));
 *
 * const skt = await copas.socket.connect("127.0.0.1", server.addr.port);
 * console.log(await skt.receive()); // hello
 * await skt.close();
 * copas.removeserver(server);
 * ```
 */
export class SocketFactory {
  readonly #scheduler: Scheduler;
  readonly #network: Network;

  /**
   * Only Copas calls it: use `copas.socket`.
   *
   * @ignore
   */
  constructor(scheduler: Scheduler, network: Network) {
    this.#scheduler = scheduler;
    this.#network = network;
  }

  /**
   * Listens for TCP connections on an address of this machine. Give the
   * listener to `copas.addserver`, which accepts from it.
   *
   * @param host a name or an address of this machine; `"*"`: every IPv4 address
   * @param port from 1 to 65535, or 0 for any free port, which `server.addr.port`
   * then tells
   * @param backlog how many connections the system keeps until they are
   * accepted, 1 or more. Default: 4096, so that a thousand clients can connect
   * at once
   * @returns the listener. The caller closes it, or `copas.removeserver` does
   * @throws {TypeError} when `host` is not a string or empty, or `port` or `backlog` is not a number
   * @throws {RangeError} when `port` or `backlog` is out of range
   * @throws {ScopeError} when the dispatcher's network scope does not allow the address
   * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
   * @throws {Deno.errors.AddrInUse} when another listener has the port
   * @throws {Deno.errors.AddrNotAvailable} when this machine does not have the address
   * @throws {Deno.errors.PermissionDenied} when the system does not permit the port
   * @throws {Deno.errors.NotFound} when the name is unknown
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const server = copas.socket.bind("127.0.0.1", 8080);
   * copas.addserver(server, copas.handler((skt) => skt.send("hello\n")));
   * await copas.loop();
   * ```
   */
  bind(host: string, port: number, backlog = 4096): Deno.TcpListener {
    return this.#network.listen(host, port, backlog);
  }

  /**
   * Makes a stream socket that is not connected yet.
   *
   * @param options its name, timeouts in seconds, limits in bytes and
   * `sslparams`; with `sslparams`, `connect` includes the TLS handshake.
   * Default: a plain socket without timeouts
   * @returns the socket; its `connect` connects it
   * @throws {TypeError} when an option is unknown or of the wrong type
   * @throws {RangeError} when a timeout or limit is out of range
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = copas.socket.tcp({ name: "upstream", maxline: 4096 });
   * await skt.connect("127.0.0.1", 8080);
   * ```
   */
  tcp(options?: StreamSocketOptions): StreamSocket {
    checkSocketOptions("tcp()", options);
    return new StreamSocket(this.#scheduler, this.#network, undefined, options);
  }

  /**
   * Makes a datagram socket that has no address yet. Its first call that needs
   * one (`setsockname`, `sendto`, …) fails unless the program runs with
   * `--unstable-net`.
   *
   * @param options its name, timeouts in seconds, and `receivebuffer`: how many
   * datagrams are kept until they are received. Default: no timeouts, and 64
   * @returns the socket. `setsockname` binds it to an address
   * @throws {TypeError} when an option is unknown or of the wrong type
   * @throws {RangeError} when an option is out of range
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = copas.socket.udp();
   * await skt.sendto("hello", "127.0.0.1", 9999);
   * await skt.close();
   * ```
   */
  udp(options?: DatagramSocketOptions): DatagramSocket {
    checkDatagramOptions("udp()", options);
    return new DatagramSocket(
      this.#scheduler,
      this.#network,
      undefined,
      options,
    );
  }

  /**
   * Makes a stream socket and connects it by TCP. For TLS connect a socket of
   * `tcp({ sslparams })`.
   *
   * @param host a name or an address
   * @param port from 0 to 65535
   * @param options `timeout`: seconds until the call fails; `Infinity` or a
   * negative number: no limit. `signal` ends the call. `proxyProtocol`: the
   * client's connection on whose behalf this one is made. Default: no limit but
   * the system's
   * @returns resolves to the socket when it is connected
   * @throws {TypeError} when an argument is of the wrong type, or `host` is empty
   * @throws {RangeError} when `port` or `timeout` is out of range
   * @throws {ScopeError} when the dispatcher's network scope does not allow the
   * host, or the address that it turns out to have
   * @throws {TimeoutError} when `timeout` passed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {Deno.errors.NotCapable} when the permission is missing; the message names the flag
   * @throws {Deno.errors.ConnectionRefused} when nothing listens on the port
   * @throws {Deno.errors.NotFound} when the name is unknown
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = await copas.socket.connect("127.0.0.1", 8080, { timeout: 5 });
   * await skt.send("hello\n");
   * await skt.close();
   * ```
   */
  connect(
    host: string,
    port: number,
    options?: ConnectOptions,
  ): Promise<StreamSocket> {
    return this.tcp().connect(host, port, options);
  }
}
