/**
 * The datagram socket: UDP.
 *
 * @module
 */

import { checkInteger, checkString, wrongType } from "../arguments.ts";
import { waitForCall } from "../core/call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { Wait, type WaitOptions } from "../core/wait.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { ClosedError, closedError } from "../errors.ts";
import {
  type Endpoint,
  endpoint,
  formatAddr,
  formatAddress,
} from "../net/address.ts";
import { checkHostPort, type Network } from "../net/network.ts";
import { DatagramSource } from "../readiness/datagram_source.ts";
import type { Ready } from "../readiness/selector.ts";
import { NO_TIMEOUTS, sameTimeouts, type Timeouts } from "./timeouts.ts";

/** A datagram, with the address and the port that it came from. */
export type Datagram = [
  bytes: Uint8Array<ArrayBuffer>,
  ip: string,
  port: number,
];

/** LuaSocket's default. */
const DEFAULT_SIZE = 8192;

class DatagramWait extends Wait<Datagram> {
  constructor(
    scheduler: Scheduler,
    readonly datagrams: DatagramSocket,
    readonly size: number,
  ) {
    super(scheduler, "read", datagrams);
  }

  protected failure(): string {
    return `Cannot receive from ${this.datagrams.name}`;
  }
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
  readonly #readers: TimedWaitQueue<DatagramWait>;
  #name?: string;
  #bound?: { conn: Deno.DatagramConn; source: DatagramSource<Deno.Addr> };
  #peer?: Deno.NetAddr;
  #closed = false;
  readonly #ready: Ready = { dispatch: () => this.#serve() };

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
    this.#readers = new TimedWaitQueue(scheduler);
    if (conn !== undefined) this.#attach(conn);
  }

  #attach(conn: Deno.DatagramConn): void {
    // Typed without it, but there: the dispatcher keeps the process alive, not the socket.
    if ("unref" in conn) (conn as unknown as { unref(): void }).unref();
    this.#bound = {
      conn,
      source: new DatagramSource(this.#scheduler.selector, conn, this.#ready),
    };
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

  #bind(
    host: string,
  ): { conn: Deno.DatagramConn; source: DatagramSource<Deno.Addr> } {
    if (this.#bound === undefined) {
      this.#attach(
        this.#network.openDatagram(host.includes(":") ? "inet6" : "inet"),
      );
    }
    return this.#bound!;
  }

  /**
   * Receives a datagram, and tells where it came from.
   *
   * @param size the most bytes to give; the rest of a longer datagram is lost. Default: 8192
   * @param options `timeout` in seconds for this call, in place of the socket's; `signal` to give up
   * @returns `[bytes, ip, port]`
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the socket is closed
   */
  receivefrom(
    size: number = DEFAULT_SIZE,
    options?: WaitOptions,
  ): Promise<Datagram> {
    try {
      checkInteger("receivefrom()", "the size", size, 0);
      this.#open("receivefrom()");
      if (this.#bound === undefined) {
        throw new ClosedError(
          "receivefrom(): the socket has no address yet; use setsockname() or sendto() first",
        );
      }
    } catch (error) {
      return Promise.reject(error);
    }
    const wait = new DatagramWait(this.#scheduler, this, size);
    const { timeout = this.timeouts.receive, signal } = options ?? {};
    this.#readers.pushFor(wait, timeout < 0 ? Infinity : timeout);
    if (signal !== undefined && wait.pending) wait.endOn(signal);
    this.#scheduler.selector.ready(this.#ready);
    return wait.promise;
  }

  /** Receives a datagram, without its address. Otherwise the same as `receivefrom`. */
  async receive(
    size: number = DEFAULT_SIZE,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.receivefrom(size, options))[0];
  }

  /** Serves the readers in their order. A datagram that is not from the peer is dropped. */
  #serve(): void {
    if (this.#bound === undefined) return;
    const { source } = this.#bound;
    for (let reader; (reader = this.#readers.first) !== undefined;) {
      if (source.failure !== undefined) {
        reader.reject(
          closedError(`Cannot receive from ${this.name}`, source.failure),
        );
        continue;
      }
      const datagram = source.take();
      if (datagram === undefined) return source.arm();
      const [bytes, address] = datagram;
      const { hostname, port } = address as Deno.NetAddr;
      if (this.#isFromPeer(hostname, port)) {
        reader.resolve([
          bytes.slice(0, reader.size) as Uint8Array<ArrayBuffer>,
          hostname,
          port,
        ]);
      }
    }
  }

  #isFromPeer(hostname: string, port: number): boolean {
    return this.#peer === undefined ||
      (this.#peer.hostname === hostname && this.#peer.port === port);
  }

  /**
   * Sends a datagram.
   *
   * @param ip the address, a number: names are not looked up
   * @returns the number of bytes
   */
  async sendto(
    data: string | Uint8Array,
    ip: string,
    port: number,
  ): Promise<number> {
    this.#open("sendto()");
    const bytes = typeof data === "string"
      ? new TextEncoder().encode(data)
      : data;
    if (!(bytes instanceof Uint8Array)) {
      throw wrongType("sendto()", "the data", "a string or a Uint8Array", data);
    }
    checkHostPort("sendto()", ip, port);
    const failed = "Cannot send to";
    const address = formatAddress(ip, port);
    this.#network.gate.admit("connect", ip, port, failed);
    const { conn } = this.#bind(ip);
    try {
      return await waitForCall(
        this.#scheduler,
        () => this.#network.sendDatagram(conn, bytes, ip, port),
        {
          failed: `${failed} ${address}`,
          socket: this,
          timeout: this.timeouts.send,
        },
      );
    } catch (error) {
      if (this.#closed) {
        throw new ClosedError(`${failed} ${address}: the socket is closed`);
      }
      throw error;
    }
  }

  /** Sends a datagram to the peer that `setpeername` named. */
  send(data: string | Uint8Array): Promise<number> {
    if (this.#peer === undefined) {
      return Promise.reject(
        new ClosedError(
          `send(): ${this.name} has no peer; use setpeername() or sendto()`,
        ),
      );
    }
    return this.sendto(data, this.#peer.hostname, this.#peer.port);
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
    this.#network.gate.admit("connect", ip, port!, "Cannot send to");
    this.#bind(ip);
    this.#peer = { transport: "udp", hostname: ip, port: port! };
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
    this.#open("getsockname()");
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
    this.#readers.dispose();
    for (const reader of this.#readers) {
      reader.rejectLater(
        new ClosedError(
          `Cannot receive from ${this.name}: the socket is closed`,
        ),
      );
    }
    this.#bound?.source.close();
    try {
      this.#bound?.conn.close();
    } catch {
      // Somebody closed the socket behind our back.
    }
    return Promise.resolve();
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
