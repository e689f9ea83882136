/**
 * The datagram socket: UDP.
 *
 * @module
 */

import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { ClosedError } from "../errors/errors.ts";
import { ABANDON } from "../core/abandonable.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { ENDPOINT } from "./internals.ts";
import { type Endpoint, endpoint } from "../net/address.ts";
import type { Network } from "../net/network.ts";
import {
  DatagramEndpoint,
  type DatagramSocketOptions,
} from "./datagram_endpoint.ts";
import type { Datagram } from "./datagram_receiver.ts";
import type {
  DatagramOption,
  DatagramOptionValues,
  MulticastGroup,
} from "./multicast.ts";
import type { Size } from "./pattern.ts";
import { NO_TIMEOUTS, sameTimeouts, type Timeouts } from "./timeouts.ts";

export type {
  Datagram,
  DatagramOption,
  DatagramOptionValues,
  DatagramSocketOptions,
  MulticastGroup,
};

/** LuaSocket's default, in bytes. */
const DEFAULT_SIZE = 8192;

/**
 * A UDP socket. It is bound by `setsockname`, or by the first datagram that it
 * sends.
 *
 * You get one from `copas.socket.udp()`, or from `copas.wrap(conn)` for a
 * `Deno.DatagramConn`. UDP needs `--unstable-net`.
 *
 * @example Answer every datagram
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const skt = copas.socket.udp();
 * skt.setsockname("127.0.0.1", 9999);
 * for (;;) {
 *   const [bytes, ip, port] = await skt.receivefrom();
 *   await skt.sendto(bytes, ip, port);
 * }
 * ```
 */
export class DatagramSocket implements AsyncDisposable, Disposable {
  /** The socket's timeouts, in seconds. Set them with `settimeout`. */
  timeouts: Timeouts;
  readonly #endpoint: DatagramEndpoint;

  /**
   * Made by `copas.wrap` and `copas.socket.udp`.
   *
   * @ignore
   */
  constructor(
    scheduler: Scheduler,
    network: Network,
    conn?: Deno.DatagramConn,
    options: DatagramSocketOptions = {},
  ) {
    this.timeouts = options.timeouts ?? NO_TIMEOUTS;
    this.#endpoint = new DatagramEndpoint(scheduler, network, this, options);
    if (conn !== undefined) this.#endpoint.adopt(conn);
  }

  /**
   * The inside of the socket, for the dispatcher.
   *
   * @ignore
   */
  get [ENDPOINT](): DatagramEndpoint {
    return this.#endpoint;
  }

  /**
   * The socket's name, for errors, `status()` and the log. Default: one that
   * tells the address, `"udp: 127.0.0.1:9999"`.
   */
  get name(): string {
    return this.#endpoint.name;
  }
  set name(name: string) {
    this.#endpoint.name = name;
  }

  /** Whether this side has closed the socket. */
  get closed(): boolean {
    return this.#endpoint.isClosed;
  }

  /**
   * Receives a datagram, and tells where it came from.
   *
   * @param size the most bytes to give, or a buffer for them; the rest of a longer datagram is lost. Default: 8192
   * @param options `timeout` in seconds for this call, in place of the socket's; `signal` to give up
   * @returns `[bytes, ip, port]`
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {ClosedError} when the socket is closed, or has no address yet
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when the size is negative or no integer
   */
  receivefrom(
    size: Size = DEFAULT_SIZE,
    options?: WaitOptions,
  ): Promise<Datagram> {
    return this.#endpoint.receive("receivefrom()", size, options);
  }

  /**
   * Receives a datagram, without its address.
   *
   * @param size the most bytes to give, or a buffer for them; the rest of a longer datagram is lost. Default: 8192
   * @param options `timeout` in seconds for this call, in place of the socket's; `signal` to give up
   * @returns the bytes, in an array of their own or the part of the buffer that was filled
   * @throws {TimeoutError} when the time was up
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {ClosedError} when the socket is closed, or has no address yet
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when the size is negative or no integer
   */
  receive(
    size: Size = DEFAULT_SIZE,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const received = this.#endpoint.receive("receive()", size, options);
    return handled(received.then(([bytes]) => bytes));
  }

  /**
   * Sends a datagram. It waits for at most the socket's send timeout.
   *
   * @param data text as UTF-8, or bytes
   * @param ip the address, a number: names are not looked up
   * @param port 1 to 65535
   * @returns the number of bytes
   * @throws {TimeoutError} when the send timeout was up
   * @throws {CancelledError} when the thread was removed
   * @throws {ClosedError} when the socket is closed
   * @throws {ScopeError} when the address is outside the network scope of the dispatcher
   * @throws {Deno.errors.NotCapable} when the permission is missing; Deno's other network errors as they are
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {RangeError} when the port is out of range
   */
  sendto(
    data: string | Uint8Array,
    ip: string,
    port: number,
  ): Promise<number> {
    return this.#endpoint.send("sendto()", data, ip, port);
  }

  /**
   * Sends a datagram to the peer that `setpeername` named. It waits for at most
   * the socket's send timeout.
   *
   * @param data text as UTF-8, or bytes
   * @returns the number of bytes
   * @throws {TimeoutError} when the send timeout was up
   * @throws {CancelledError} when the thread was removed
   * @throws {ClosedError} when the socket is closed, or has no peer
   * @throws {Deno.errors.NotCapable} when the permission is missing; Deno's other network errors as they are
   * @throws {TypeError} when the data is of the wrong type
   */
  send(data: string | Uint8Array): Promise<number> {
    const { hostname, port } = this.#endpoint.peer?.addr ?? {};
    return this.#endpoint.send("send()", data, hostname, port);
  }

  /**
   * Names the peer: `send` sends to it, and datagrams from others are dropped.
   *
   * @param ip the address, a number; `"*"` takes the peer back
   * @param port 1 to 65535; `"*"` needs none
   * @throws {ClosedError} when the socket is closed
   * @throws {ScopeError} when the address is outside the network scope of the dispatcher
   * @throws {TypeError} when the ip is no address
   * @throws {RangeError} when the port is out of range
   */
  setpeername(ip: string, port?: number): void {
    this.#endpoint.setPeer(ip, port);
  }

  /**
   * Binds the socket to an address of this machine.
   *
   * @param ip the address; `"*"` is every address
   * @param port 0 is any free port: ask `getsockname`
   * @throws {ClosedError} when the socket is closed
   * @throws {ScopeError} when the address is outside the network scope of the dispatcher
   * @throws {Deno.errors.AddrInUse} when the port is taken
   * @throws {Deno.errors.NotCapable} when the permission is missing
   * @throws {Deno.errors.NotSupported} when `--unstable-net` is missing
   * @throws {TypeError} when the socket is bound already, or an argument is of the wrong type
   * @throws {RangeError} when the port is out of range
   */
  setsockname(ip: string, port: number): void {
    this.#endpoint.bind(ip, port);
  }

  /**
   * This side's address.
   *
   * @returns `[ip, port, family]`
   * @throws {ClosedError} when the socket has no address yet
   */
  getsockname(): Endpoint {
    const { conn } = this.#endpoint;
    if (conn !== undefined) return endpoint(conn.addr);
    throw new ClosedError(
      "getsockname(): the socket has no address yet; use setsockname() first",
    );
  }

  /**
   * The peer's address.
   *
   * @returns the `[ip, port, family]` that `setpeername` named
   * @throws {ClosedError} when the socket has no peer
   */
  getpeername(): Endpoint {
    const { peer } = this.#endpoint;
    if (peer !== undefined) return endpoint(peer.addr);
    throw new ClosedError(`getpeername(): ${this.name} has no peer`);
  }

  /**
   * Sets an option, with LuaSocket's names: multicast groups, and what becomes of
   * multicasts that the socket sends. The socket must have an address.
   *
   * @param name the option
   * @param value its value
   * @throws {ClosedError} when the socket is closed, or has no address yet
   * @throws {Deno.errors.NotSupported} when Deno has no such option, or has it only
   * of a socket that has joined a group
   * @throws {TypeError} when the value is of the wrong type, or the socket has
   * joined the group already, or not at all
   * @throws {RangeError} when the value is out of range
   *
   * @example Hear a multicast group
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = copas.socket.udp();
   * skt.setsockname("*", 5353);
   * await skt.setoption("ip-add-membership", {
   *   multiaddr: "224.0.0.251",
   *   interface: "*",
   * });
   * console.log(await skt.receivefrom());
   * ```
   */
  setoption<Name extends DatagramOption>(
    name: Name,
    value: DatagramOptionValues[Name],
  ): Promise<void> {
    return this.#endpoint.setOption(name, value);
  }

  /**
   * Counts datagrams.
   *
   * @returns `[received, sent, age, waiting]`: how many datagrams came, how many
   * were sent, how many seconds ago the socket was made, and how many that came
   * have not been received yet
   */
  getstats(): [received: number, sent: number, age: number, waiting: number] {
    const { received, sent, age, waiting } = this.#endpoint.stats;
    return [received, sent, age, waiting];
  }

  /**
   * Sets the time that a receive or send may take.
   *
   * @param seconds nothing or a negative number: no limit, as in the beginning
   * @throws {TypeError} when it is no number
   * @throws {RangeError} when it is NaN
   */
  settimeout(seconds?: number): void {
    this.timeouts = sameTimeouts(seconds);
  }

  /**
   * Closes the socket: a thread that waits on it gets a `ClosedError`. Closing
   * twice is the same as closing once.
   *
   * @returns a promise that is resolved already
   */
  close(): Promise<void> {
    return this.#endpoint.closeCall();
  }

  /**
   * Closes the socket, for `cancelall`.
   *
   * @ignore
   */
  [ABANDON](): void {
    this.close();
  }

  /** Closes the socket at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The socket's name. */
  toString(): string {
    return this.name;
  }
}
