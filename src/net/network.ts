/**
 * Opens sockets: the calls of Deno's that touch the network, each checked
 * against the dispatcher's scope before Deno is asked.
 *
 * @module
 */

import { checkInteger } from "../errors/arguments.ts";
import { formatAddr, formatAddress } from "./address.ts";
import {
  addressError,
  checkHostPort,
  hasUnstableNet,
  udpUnavailable,
  unresolvable,
} from "./address_error.ts";
import { connectTo, connectToFirst } from "./connect.ts";
import { parseIpHost } from "./ip.ts";
import { NetPolicy } from "./policy.ts";

const CANNOT_BIND = "Cannot bind";
const CANNOT_CONNECT = "Cannot connect to";
const CANNOT_SEND = "Cannot send to";
const CANNOT_SERVE = "Cannot serve";

/** Where workers listen, and whether they have permissions of their own. */
interface WorkerAddress {
  readonly hostname: string;
  readonly port: number;
  readonly permissions?: unknown;
}

/** How a connection is made, besides its address. */
export interface ConnectSettings {
  /** The network of the view whose call it is, when another one has made the socket: both scopes hold. */
  readonly view?: Network;
  /** Whether the peer has chosen the port, which is another one each time. */
  readonly isPeersPort?: boolean;
  /** Makes another connection of the new one. Default: none. */
  readonly layer?: Layer;
  /** Makes what is sent before all else. Default: nothing. */
  readonly preface?: Preface;
}

/** Makes another connection of a new one, or closes it and fails. */
export type Layer = (
  conn: Deno.Conn,
  signal: AbortSignal,
) => Promise<Deno.Conn>;

/** Makes what is sent first on a new connection. */
export type Preface = () => Promise<Uint8Array>;

/** Opens the sockets of a dispatcher, or of a narrower view of one. */
export class Network {
  /** Decides which addresses may be used. */
  readonly policy: NetPolicy;
  /**
   * The listeners that were opened here, and so were checked already. Their
   * own address may not be in the scope: port 0 has become another port.
   */
  readonly #opened = new WeakSet<object>();

  /** @param policy Default: one without a scope, which allows every address */
  constructor(policy: NetPolicy = new NetPolicy("Copas")) {
    this.policy = policy;
  }

  /**
   * Listens for TCP connections.
   *
   * @param host a name or an address of this machine; `"*"`: every address
   * @param port 0: any free port
   * @param backlog how many connections the system keeps until they are accepted
   */
  listen(host: string, port: number, backlog: number): Deno.TcpListener {
    checkHostPort("bind()", host, port);
    checkInteger("bind()", "the backlog", backlog, 1, 2 ** 31 - 1);
    const hostname = toHostname(host);
    return this.#bind(
      hostname,
      port,
      () => Deno.listen({ hostname, port, tcpBacklog: backlog }),
    );
  }

  /**
   * Opens a UDP socket on an address.
   *
   * @param host a name or an address of this machine; `"*"`: every address
   * @param port 0: any free port
   */
  listenDatagram(host: string, port: number): Deno.DatagramConn {
    checkHostPort("setsockname()", host, port);
    const hostname = toHostname(host);
    return this.#bind(hostname, port, () => this.#openUdp(hostname, port));
  }

  /**
   * Opens a UDP socket that sends before the caller has given it an address.
   * The scope need not allow the address: the caller has not chosen it, and each
   * peer is checked.
   */
  openDatagram(family: "inet" | "inet6"): Deno.DatagramConn {
    const hostname = family === "inet" ? "0.0.0.0" : "::";
    this.policy.recordUse("listen", hostname, 0);
    const opened = this.#call(hostname, 0, () => this.#openUdp(hostname, 0));
    this.policy.recordOwnPort((opened.addr as Deno.NetAddr).port);
    return opened;
  }

  /**
   * Listens with a server of Deno's own.
   *
   * @param call names the caller's call in the message of an error
   * @param host a name or an address of this machine; `"*"`: every address
   * @param port 0: any free port
   * @param open makes the server, which listens when it returns
   */
  listenWith<T extends { addr: Deno.Addr; shutdown(): Promise<void> }>(
    call: string,
    host: string,
    port: number,
    open: (hostname: string) => T,
  ): T {
    checkHostPort(call, host, port);
    const hostname = toHostname(host);
    return this.#bind(hostname, port, () => {
      const server = open(hostname);
      const close = () => void server.shutdown();
      return { addr: server.addr, close, server };
    }).server;
  }

  #bind<T extends { addr: Deno.Addr; close(): void }>(
    host: string,
    port: number,
    open: () => T,
  ): T {
    this.policy.authorize("listen", host, port, CANNOT_BIND);
    const opened = this.#call(host, port, open);
    try {
      const { hostname, port: bound } = opened.addr as Deno.NetAddr;
      this.policy.checkResolved("listen", host, port, hostname, CANNOT_BIND);
      if (port === 0) this.policy.recordOwnPort(bound);
    } catch (error) {
      opened.close();
      throw error;
    }
    this.#opened.add(opened);
    return opened;
  }

  #openUdp(hostname: string, port: number): Deno.DatagramConn {
    this.policy.recordUnstable();
    if (!hasUnstableNet()) throw udpUnavailable(hostname, port);
    return Deno.listenDatagram({ transport: "udp", hostname, port });
  }

  /** Calls Deno to bind an address, and says in the error which one. */
  #call<T>(host: string, port: number, open: () => T): T {
    try {
      return open();
    } catch (error) {
      throw addressError(CANNOT_BIND, formatAddress(host, port), error);
    }
  }

  /** Checks the address that workers will listen on and share, and calls `start`, which starts them. */
  listenInWorkers<T>(
    { hostname, port, permissions }: WorkerAddress,
    start: () => T,
  ): T {
    checkHostPort("addworkers()", hostname, port);
    const host = toHostname(hostname);
    this.policy.check("listen", host, port, CANNOT_BIND);
    // For port 0 the process picks one, on which the workers need a grant to listen.
    this.policy.recordUse("listen", host, port === 0 ? undefined : port);
    this.policy.recordUnstable();
    if (permissions !== undefined || this.policy.isScoped) {
      this.policy.recordUnstableWorkers();
    }
    return start();
  }

  /**
   * Checks the address of a listener or a datagram socket that a dispatcher
   * will serve. One that this network has opened passes. To listen on a
   * descriptor that was handed over, no grant was needed: it is not recorded.
   */
  authorizeServer(server: { addr: Deno.Addr; isHandedOver?: true }): void {
    if (this.#opened.has(server)) return;
    const { addr } = server;
    const [host, port] = "hostname" in addr
      ? [addr.hostname, addr.port]
      : [formatAddr(addr), 0];
    if (server.isHandedOver) {
      this.policy.check("listen", host, port, CANNOT_SERVE);
    } else this.policy.authorize("listen", host, port, CANNOT_SERVE);
  }

  /**
   * The network that a view may use by a socket of this one: each address is held
   * against both scopes.
   */
  within(view: Network | undefined): Network {
    if (view === undefined || view === this) return this;
    const policy = this.policy.and(view.policy);
    return policy === this.policy ? this : new Network(policy);
  }

  /**
   * Connects by TCP.
   *
   * @param signal rejects with its reason when it aborts
   * @param isPeersPort whether the peer has chosen the port, which is another one each time
   * @throws {ScopeError} when the scope does not allow the host, or the address
   * that the host turns out to have
   */
  async connect(
    host: string,
    port: number,
    signal: AbortSignal,
    isPeersPort = false,
  ): Promise<Deno.TcpConn> {
    this.policy.check("connect", host, port);
    this.policy.recordUse("connect", host, isPeersPort ? undefined : port);
    try {
      const addresses = await this.policy.resolve(host, port);
      if (addresses !== undefined) {
        return await connectToFirst(addresses, port, signal);
      }
      const conn = await connectTo(host, port, signal);
      return this.#checkConnection(conn, host, port);
    } catch (error) {
      if (signal.aborted) throw error;
      throw addressError(CANNOT_CONNECT, formatAddress(host, port), error);
    }
  }

  /** Deno has looked the name up, so its address is known only now. Nothing has been sent yet. */
  #checkConnection(
    conn: Deno.TcpConn,
    host: string,
    port: number,
  ): Deno.TcpConn {
    if (!this.policy.isScoped) return conn;
    try {
      const { hostname } = conn.remoteAddr;
      this.policy.checkResolved("connect", host, port, hostname);
      return conn;
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  /** Sends a datagram. The caller makes an {@linkcode addressError} of what fails. */
  sendDatagram(
    conn: Deno.DatagramConn,
    bytes: Uint8Array,
    host: string,
    port: number,
  ): Promise<number> {
    if (this.policy.isScoped && parseIpHost(host) === undefined) {
      return this.#sendToName(conn, bytes, host, port);
    }
    return conn.send(bytes, { transport: "udp", hostname: host, port });
  }

  async #sendToName(
    conn: Deno.DatagramConn,
    bytes: Uint8Array,
    host: string,
    port: number,
  ): Promise<number> {
    const addresses = await this.policy.resolve(host, port, CANNOT_SEND);
    // Deno would look the name up by itself, and the scope could not check it.
    if (addresses === undefined) throw unresolvable(CANNOT_SEND, host, port);
    const [hostname] = addresses;
    // The name was granted without a port, to look it up.
    this.policy.recordUse("connect", host, undefined);
    this.policy.recordUse("connect", hostname, port);
    return await conn.send(bytes, { transport: "udp", hostname, port });
  }
}

/** LuaSocket's `"*"` is every address. */
function toHostname(host: string): string {
  return host === "*" ? "0.0.0.0" : host;
}
