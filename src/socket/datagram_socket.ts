/**
 * The datagram socket: UDP.
 *
 * @module
 */

import { checkString, wrongType } from "../errors/arguments.ts";
import { waitForCall } from "../core/call.ts";
import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { ClosedError } from "../errors/errors.ts";
import {
  type Endpoint,
  endpoint,
  formatAddr,
  formatAddress,
} from "../net/address.ts";
import { type Ip, parseIp } from "../net/ip.ts";
import { checkHostPort, type Network, networkError } from "../net/network.ts";
import {
  checkReceive,
  type Datagram,
  DatagramReceiver,
} from "./datagram_receiver.ts";
import type { Size } from "./pattern.ts";
import { NO_TIMEOUTS, sameTimeouts, type Timeouts } from "./timeouts.ts";

export type { Datagram };

/** LuaSocket's default. */
const DEFAULT_SIZE = 8192;

/** How the errors of a send begin. */
const FAILED = "Cannot send to";

const encoder = new TextEncoder();

interface Bound {
  readonly conn: Deno.DatagramConn;
  readonly receiver: DatagramReceiver;
}

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
  /** The socket's timeouts. Set them with `settimeout`. */
  timeouts: Timeouts;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  #name?: string;
  #bound?: Bound;
  #peer?: Deno.NetAddr & { readonly ip: Ip };
  #closed = false;

  /** For Copas itself: use `copas.wrap` or `copas.socket.udp`. */
  constructor(
    scheduler: Scheduler,
    network: Network,
    conn?: Deno.DatagramConn,
    options: { name?: string; timeouts?: Timeouts } = {},
  ) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#name = options.name;
    this.timeouts = options.timeouts ?? NO_TIMEOUTS;
    if (conn !== undefined) this.#attach(conn);
  }

  #attach(conn: Deno.DatagramConn): void {
    const receiver = new DatagramReceiver(this.#scheduler, conn, this);
    this.#bound = { conn, receiver };
  }

  /** The socket's name, for errors, `status()` and the log. */
  get name(): string {
    if (this.#name !== undefined) return this.#name;
    return this.#bound
      ? `udp: ${formatAddr(this.#bound.conn.addr)}`
      : "udp{unbound}";
  }
  set name(name: string) {
    checkString("a socket's name", "it", name);
    this.#name = name;
  }

  /** Whether this side has closed the socket. */
  get closed(): boolean {
    return this.#closed;
  }

  #open(call: string): void {
    if (this.#closed) {
      throw new ClosedError(`${call}: the socket is closed: ${this.name}`);
    }
  }

  #bind(host: string): Deno.DatagramConn {
    if (this.#bound === undefined) {
      this.#attach(
        this.#network.openDatagram(host.includes(":") ? "inet6" : "inet"),
      );
    }
    return this.#bound!.conn;
  }

  /**
   * Receives a datagram, and tells where it came from.
   *
   * @param size the most bytes to give, or a buffer for them; the rest of a longer datagram is lost. Default: 8192
   * @param options `timeout` in seconds for this call, in place of the socket's; `signal` to give up
   * @returns `[bytes, ip, port]`
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the socket is closed
   */
  receivefrom(
    size: Size = DEFAULT_SIZE,
    options?: WaitOptions,
  ): Promise<Datagram> {
    return this.#receive("receivefrom()", size, options);
  }

  /** Receives a datagram, without its address. Otherwise the same as `receivefrom`. */
  receive(
    size: Size = DEFAULT_SIZE,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const received = this.#receive("receive()", size, options);
    return handled(received.then(([bytes]) => bytes));
  }

  #receive(
    call: string,
    size: Size,
    options?: WaitOptions,
  ): Promise<Datagram> {
    try {
      checkReceive(call, size, options);
      this.#open(call);
      if (this.#bound !== undefined) {
        return this.#bound.receiver.receive(size, options);
      }
      throw new ClosedError(
        `${call}: the socket has no address yet; use setsockname() or sendto() first`,
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Whether a datagram from there is from the peer, if there is one.
   *
   * @internal
   */
  hears(ip: string, port: number): boolean {
    if (this.#peer === undefined) return true;
    if (this.#peer.port !== port) return false;
    if (this.#peer.hostname === ip) return true;
    // The same address may have been written in another way.
    const from = parseIp(ip);
    const { bits, value } = this.#peer.ip;
    return from?.bits === bits && from.value === value;
  }

  /**
   * Sends a datagram.
   *
   * @param ip the address, a number: names are not looked up
   * @returns the number of bytes
   */
  sendto(
    data: string | Uint8Array,
    ip: string,
    port: number,
  ): Promise<number> {
    return this.#send("sendto()", data, ip, port);
  }

  /** Sends a datagram to the peer that `setpeername` named. */
  send(data: string | Uint8Array): Promise<number> {
    const { hostname, port } = this.#peer ?? {};
    return this.#send("send()", data, hostname, port);
  }

  #send(
    call: string,
    data: string | Uint8Array,
    ip: string | undefined,
    port: number | undefined,
  ): Promise<number> {
    try {
      if (typeof data !== "string" && !(data instanceof Uint8Array)) {
        throw wrongType(call, "the data", "a string or a Uint8Array", data);
      }
      this.#open(call);
      if (call === "send()" && ip === undefined) {
        throw new ClosedError(
          `${call}: ${this.name} has no peer; use setpeername() or sendto()`,
        );
      }
      checkHostPort(call, ip!, port!);
      this.#network.policy.admit("connect", ip!, port!, FAILED);
      const conn = this.#bind(ip!);
      const bytes = typeof data === "string" ? encoder.encode(data) : data;
      // A datagram that got lost brings nobody down who did not ask for it.
      return handled(this.#transmit(conn, bytes, ip!, port!));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #transmit(
    conn: Deno.DatagramConn,
    bytes: Uint8Array,
    ip: string,
    port: number,
  ): Promise<number> {
    const send = () => this.#network.sendDatagram(conn, bytes, ip, port);
    const { send: timeout } = this.timeouts;
    try {
      // The system takes a datagram at once, or hardly ever not: it is not worth a wait.
      return timeout === Infinity && this.#scheduler.mayAwait(this)
        ? await send()
        : await waitForCall(this.#scheduler, send, {
          failed: `${FAILED} ${formatAddress(ip, port)}`,
          socket: this,
          timeout,
        });
    } catch (error) {
      if (!this.#closed && !isClosed(error)) {
        throw networkError(FAILED, ip, port, error);
      }
      throw new ClosedError(
        `${FAILED} ${formatAddress(ip, port)}: the socket is closed`,
        { cause: error },
      );
    }
  }

  /**
   * Names the peer: `send` sends to it, and datagrams from others are dropped.
   * `"*"` takes that back.
   */
  setpeername(ip: string, port?: number): void {
    this.#open("setpeername()");
    if (ip === "*") {
      this.#peer = undefined;
      return;
    }
    checkHostPort("setpeername()", ip, port as number);
    const address = parseIp(ip);
    if (address === undefined) {
      throw wrongType("setpeername()", "the ip", "an IP address", ip);
    }
    this.#network.policy.admit("connect", ip, port!, FAILED);
    this.#bind(ip);
    this.#peer = {
      transport: "udp",
      hostname: ip,
      port: port!,
      ip: address,
    };
  }

  /** Binds the socket to an address of this machine; `"*"` is every address, port 0 any free port. */
  setsockname(ip: string, port: number): void {
    this.#open("setsockname()");
    if (this.#bound !== undefined) {
      throw new TypeError(
        `setsockname(): the socket is bound already: ${this.name}`,
      );
    }
    this.#attach(this.#network.listenDatagram(ip, port));
  }

  /** This side's `[ip, port, family]`. */
  getsockname(): Endpoint {
    if (this.#bound === undefined) {
      throw new ClosedError(
        "getsockname(): the socket has no address yet; use setsockname() first",
      );
    }
    return endpoint(this.#bound.conn.addr);
  }

  /** The `[ip, port, family]` of the peer that `setpeername` named. */
  getpeername(): Endpoint {
    if (this.#peer === undefined) {
      throw new ClosedError(`getpeername(): ${this.name} has no peer`);
    }
    return endpoint(this.#peer);
  }

  /** Sets the time that a receive may take, in seconds. Nothing or a negative number: no limit. */
  settimeout(seconds?: number): void {
    this.timeouts = sameTimeouts(seconds);
  }

  /** Closes the socket: whoever waits gets a `ClosedError`. Closing twice is the same as closing once. */
  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#bound?.receiver.close();
    try {
      this.#bound?.conn.close();
    } catch {
      // Somebody closed the socket behind our back.
    }
    return Promise.resolve();
  }

  /**
   * Closes the socket, for `cancelall`.
   *
   * @ignore
   */
  abandon(): void {
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

/** Somebody closed the socket behind our back. */
function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource;
}
