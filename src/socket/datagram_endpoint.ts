/**
 * What stands behind a {@linkcode DatagramSocket}: its address, its peer, and how
 * it sends.
 *
 * @module
 */

import { waitForCall } from "../core/call.ts";
import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { checkInteger, checkString, wrongType } from "../errors/arguments.ts";
import { endOf } from "../errors/connection_end.ts";
import { ClosedError } from "../errors/errors.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { checkWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import { formatAddress } from "../net/address.ts";
import { addressError, checkHostPort } from "../net/address_error.ts";
import type { Network } from "../net/network.ts";
import { DatagramPeer } from "./datagram_peer.ts";
import { type Datagram, DatagramReceiver } from "./datagram_receiver.ts";
import { datagramName } from "./default_names.ts";
import { DatagramOptions } from "./multicast.ts";
import { checkSize, type Size } from "./pattern.ts";
import type { SocketIdentity } from "./socket_identity.ts";
import { checkTimeouts, type Timeouts } from "./timeouts.ts";
import {
  checkedCall,
  rejectedCall,
  resolvedCall,
} from "../core/immediate_call.ts";

/** How the errors of a send begin. */
const CANNOT_SEND = "Cannot send to";
/** Why a call on a closed socket fails. */
const CLOSED_REASON = "the socket is closed";

const encoder = new TextEncoder();

/** What a datagram socket is made with. */
export interface DatagramSocketOptions {
  /** Its name. Default: one that tells the address. */
  name?: string;
  /** Its timeouts, in seconds. Default: no limits. */
  timeouts?: Timeouts;
  /**
   * How many datagrams Copas keeps until they are received, 1 or more; those that
   * follow wait in the system, or are lost. Default: 64.
   */
  receivebuffer?: number;
}

/**
 * Refuses options that no datagram socket can be made with.
 *
 * @param call names the call in the message of an error
 */
export function checkDatagramOptions(
  call: string,
  options: DatagramSocketOptions | undefined,
): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null) {
    throw wrongType(call, "the options", "an object", options);
  }
  checkKeys(call, "the options", options, [
    "name",
    "timeouts",
    "receivebuffer",
  ]);
  const { name, timeouts, receivebuffer } = options;
  if (name !== undefined) checkString(call, "the name", name);
  if (timeouts !== undefined) checkTimeouts(call, timeouts);
  if (receivebuffer !== undefined) {
    checkInteger(call, "receivebuffer", receivebuffer, 1);
  }
}

/** The inside of a datagram socket. */
export class DatagramEndpoint {
  /** Deno's resource, once the socket is bound. */
  conn?: Deno.DatagramConn = undefined;
  /** The peer that `setpeername` named. */
  peer?: DatagramPeer = undefined;
  /** Whether this side has closed the socket. */
  isClosed = false;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #socket: SocketIdentity;
  readonly #created: number;
  readonly #receivebuffer?: number;
  #name?: string;
  /** How many datagrams the system has taken to be sent. */
  #sent = 0;
  /** Made when an option is set. */
  #options?: DatagramOptions = undefined;
  /** Made together with `conn`. */
  #receiver?: DatagramReceiver = undefined;

  constructor(
    scheduler: Scheduler,
    network: Network,
    socket: SocketIdentity,
    options: DatagramSocketOptions,
  ) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#socket = socket;
    this.#name = options.name;
    this.#receivebuffer = options.receivebuffer;
    this.#created = scheduler.clock.now();
  }

  /** Datagrams received, sent, and waiting to be received; and the socket's age in seconds. */
  get stats(): {
    received: number;
    sent: number;
    waiting: number;
    age: number;
  } {
    const { received = 0, waiting = 0 } = this.#receiver?.counts ?? {};
    const age = this.#scheduler.clock.now() - this.#created;
    return { received, sent: this.#sent, waiting, age };
  }

  /** The socket's name; without one of its own, it tells the address. */
  get name(): string {
    return this.#name ?? datagramName(this.conn);
  }
  set name(name: string) {
    checkString("a socket's name", "it", name);
    this.#name = name;
  }

  /** Whether a datagram from this address is received: from the peer, or without one from everywhere. */
  admits(ip: string, port: number): boolean {
    return this.peer === undefined || this.peer.admits(ip, port);
  }

  #checkOpen(call: string): void {
    if (!this.isClosed) return;
    const message = `${call}: ${CLOSED_REASON}: ${this.name}`;
    throw endOf(this.#socket, new ClosedError(message));
  }

  // --- Addresses ---------------------------------------------------------------------

  /** Takes over a socket of Deno's. */
  adopt(conn: Deno.DatagramConn): void {
    this.conn = conn;
    this.#receiver = new DatagramReceiver(
      this.#scheduler,
      this.#socket,
      conn,
      this,
      this.#receivebuffer,
    );
  }

  /** Binds the socket to an address of this machine. */
  bind(ip: string, port: number): void {
    this.#checkOpen("setsockname()");
    if (this.conn !== undefined) {
      throw new TypeError(
        `setsockname(): the socket is bound already: ${this.name}`,
      );
    }
    this.adopt(this.#network.listenDatagram(ip, port));
  }

  /** The socket of Deno's; of one that is not bound yet, on any free port, in the family of `host`. */
  #bound(host: string): Deno.DatagramConn {
    if (this.conn === undefined) {
      const family = host.includes(":") ? "inet6" : "inet";
      this.adopt(this.#network.openDatagram(family));
    }
    return this.conn!;
  }

  /** Names the peer, or with `"*"` none. */
  setPeer(ip: string, port?: number): void {
    const call = "setpeername()";
    this.#checkOpen(call);
    if (ip === "*") {
      this.peer = undefined;
      return;
    }
    checkHostPort(call, ip, port as number);
    const peer = new DatagramPeer(call, ip, port!);
    this.#network.policy.authorize("connect", ip, port!, CANNOT_SEND);
    this.#bound(ip);
    this.peer = peer;
  }

  // --- Receiving and sending -----------------------------------------------------------

  /** Receives a datagram. */
  receive(call: string, size: Size, options?: WaitOptions): Promise<Datagram> {
    try {
      const expected = "a number of bytes or a Uint8Array for them";
      checkSize(call, "the size", expected, size);
      checkWaitOptions(call, options);
      this.#checkOpen(call);
      if (this.#receiver !== undefined) {
        return this.#receiver.receive(call, size, options);
      }
      throw new ClosedError(
        `${call}: the socket has no address yet; use setsockname() or sendto() first`,
      );
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  /**
   * Sends a datagram; without an `ip`, there is no peer.
   *
   * @param view the network of the view whose call it is, when another one has made the socket
   */
  send(
    call: string,
    data: string | Uint8Array,
    ip: string | undefined,
    port: number | undefined,
    view?: Network,
  ): Promise<number> {
    try {
      if (typeof data !== "string" && !(data instanceof Uint8Array)) {
        throw wrongType(call, "the data", "a string or a Uint8Array", data);
      }
      this.#checkOpen(call);
      if (call === "send()" && ip === undefined) {
        throw new ClosedError(
          `${call}: ${this.name} has no peer; use setpeername() or sendto()`,
        );
      }
      checkHostPort(call, ip!, port!);
      const network = this.#network.within(view);
      network.policy.authorize(
        "connect",
        ip!,
        port!,
        CANNOT_SEND,
        this.#receiver,
      );
      const conn = this.#bound(ip!);
      const bytes = typeof data === "string" ? encoder.encode(data) : data;
      return this.#transmit(network, conn, bytes, ip!, port!);
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  #transmit(
    network: Network,
    conn: Deno.DatagramConn,
    bytes: Uint8Array,
    ip: string,
    port: number,
  ): Promise<number> {
    const { send: timeout } = this.#socket.timeouts;
    // The system takes a datagram at once, or hardly ever not: it is not worth a wait.
    const call = timeout === Infinity && this.#scheduler.mayAwait(this.#socket)
      ? network.sendDatagram(conn, bytes, ip, port)
      : waitForCall(
        this.#scheduler,
        () => network.sendDatagram(conn, bytes, ip, port),
        {
          messagePrefix: `${CANNOT_SEND} ${formatAddress(ip, port)}`,
          socket: this.#socket,
          timeout,
        },
      );
    const sent: Promise<number> = call.then(this.#hasSent, (error) => {
      // A datagram may get lost anyway: its failure must not end a program that did not await it.
      handled(sent);
      throw this.#sendError(formatAddress(ip, port), error);
    });
    return sent;
  }

  #hasSent = (count: number): number => {
    this.#sent++;
    this.#scheduler.counts.messagesSent++;
    this.#scheduler.selector.bytesSent += count;
    return count;
  };

  #sendError(address: string, error: unknown): unknown {
    if (!this.isClosed && !(error instanceof Deno.errors.BadResource)) {
      return addressError(CANNOT_SEND, address, error);
    }
    const message = `${CANNOT_SEND} ${address}: ${CLOSED_REASON}`;
    return endOf(this.#socket, new ClosedError(message, { cause: error }));
  }

  /** Sets an option of the socket, which has to be bound. */
  setOption(name: string, value: unknown): Promise<void> {
    return checkedCall(this.#scheduler, this.#setOption(name, value));
  }

  async #setOption(name: string, value: unknown): Promise<void> {
    this.#checkOpen("setoption()");
    if (this.conn === undefined) {
      throw new ClosedError(
        "setoption(): the socket has no address yet; use setsockname() first",
      );
    }
    this.#options ??= new DatagramOptions(this.conn);
    await this.#options.set(name, value);
  }

  // --- Closing -----------------------------------------------------------------------

  /** Closes the socket, for a caller that may do so again and again. */
  closeCall(): Promise<void> {
    this.close();
    return resolvedCall(this.#scheduler, undefined);
  }

  /** Closes the socket. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#receiver?.close(CLOSED_REASON);
    try {
      this.conn?.close();
    } catch {
      // The caller has closed Deno's socket itself.
    }
  }
}
