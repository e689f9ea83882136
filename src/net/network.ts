/**
 * The calls of Deno's that touch the network, held against the dispatcher's
 * scope, with errors that say what failed, on which address, and what would be
 * right.
 *
 * @module
 */

import { checkInteger, checkString } from "../errors/arguments.ts";
import { addressError, CopasError, ScopeError } from "../errors/errors.ts";
import { formatAddr, formatAddress } from "./address.ts";
import { NetPolicy } from "./policy.ts";
import { explainGrant } from "./grant.ts";
import { parseIpHost } from "./ip.ts";

/** Seconds for a name's first addresses, while there is another one to try. */
const PATIENCE = 2;

/** Opens sockets. */
export class Network {
  /** Holds addresses against the scope. */
  readonly policy: NetPolicy;
  /** The listeners that were opened here: port 0 has become another port. */
  readonly #own = new WeakSet<object>();

  /** Without a `gate` everything passes that Deno lets pass. */
  constructor(policy: NetPolicy = new NetPolicy("Copas")) {
    this.policy = policy;
  }

  /** Listens for TCP connections. */
  listen(host: string, port: number, backlog: number): Deno.TcpListener {
    checkHostPort("bind()", host, port);
    checkInteger("bind()", "the backlog", backlog, 1, 2 ** 31 - 1);
    const hostname = anyHost(host);
    return this.#bind(
      hostname,
      port,
      () => Deno.listen({ hostname, port, tcpBacklog: backlog }),
    );
  }

  /** Opens a UDP socket. */
  listenDatagram(host: string, port: number): Deno.DatagramConn {
    checkHostPort("setsockname()", host, port);
    const hostname = anyHost(host);
    return this.#bind(hostname, port, () => this.#openUdp(hostname, port));
  }

  /**
   * Opens a UDP socket for one that sends before it has an address. That needs
   * no entry in the scope: where it may send is held against it.
   */
  openDatagram(family: "inet" | "inet6"): Deno.DatagramConn {
    const hostname = family === "inet" ? "0.0.0.0" : "::";
    this.policy.use("listen", hostname, 0);
    return this.#opened("Cannot bind", hostname, 0, () => {
      return this.#openUdp(hostname, 0);
    });
  }

  #bind<T extends { addr: Deno.Addr; close(): void }>(
    host: string,
    port: number,
    open: () => T,
  ): T {
    const failed = "Cannot bind";
    this.policy.admit("listen", host, port, failed);
    const opened = this.#opened(failed, host, port, open);
    try {
      const { hostname } = opened.addr as Deno.NetAddr;
      this.policy.admitResolved("listen", host, port, hostname, failed);
    } catch (error) {
      opened.close();
      throw error;
    }
    this.#own.add(opened);
    return opened;
  }

  #openUdp(hostname: string, port: number): Deno.DatagramConn {
    this.policy.useUnstable();
    // Deno leaves the function out when the flag is missing.
    if (Deno.listenDatagram === undefined) {
      throw new Deno.errors.NotSupported(
        `UDP is not available; run with --unstable-net and --allow-net=${
          formatAddress(hostname, port)
        }`,
      );
    }
    return Deno.listenDatagram({ transport: "udp", hostname, port });
  }

  #opened<T>(failed: string, host: string, port: number, open: () => T): T {
    try {
      return open();
    } catch (error) {
      throw networkError(failed, host, port, error);
    }
  }

  /** Starts what listens elsewhere, in workers, on a port that it shares. */
  share<T>(at: { hostname: string; port: number }, start: () => T): T {
    const { hostname, port } = at;
    checkHostPort("addworkers()", hostname, port);
    this.policy.admit("listen", anyHost(hostname), port, "Cannot bind");
    this.policy.useUnstable();
    return start();
  }

  /** Holds a listener or a datagram socket that somebody else has opened against the scope. */
  admitServer(server: { addr: Deno.Addr }): void {
    if (this.#own.has(server)) return;
    const { addr } = server;
    const failed = "Cannot serve";
    if ("hostname" in addr) {
      this.policy.admit("listen", addr.hostname, addr.port, failed);
    } else this.policy.admit("listen", formatAddr(addr), 0, failed);
  }

  /**
   * Connects by TCP. An abort of `signal` rejects with its reason.
   *
   * @throws {ScopeError} when the host, or the address that it turns out to
   * have, is outside the scope
   */
  async connect(
    host: string,
    port: number,
    signal: AbortSignal,
  ): Promise<Deno.TcpConn> {
    this.policy.admit("connect", host, port);
    const failed = "Cannot connect to";
    try {
      const addresses = await this.policy.resolve(host, port);
      if (addresses !== undefined) {
        return await connectToOne(addresses, port, signal);
      }
      const conn = await connectUntil({ hostname: host, port }, signal);
      return this.#admitPeer(conn, host, port);
    } catch (error) {
      if (signal.aborted) throw error;
      throw networkError(failed, host, port, error);
    }
  }

  /** The name was looked up by Deno: its address is known only now. Nothing has been sent yet. */
  #admitPeer(conn: Deno.TcpConn, host: string, port: number): Deno.TcpConn {
    if (!this.policy.isScoped) return conn;
    try {
      this.policy.admitResolved(
        "connect",
        host,
        port,
        conn.remoteAddr.hostname,
      );
      return conn;
    } catch (error) {
      conn.close();
      throw error;
    }
  }

  /** Holds a peer against the scope that somebody else's socket will be asked to reach. What is no address is for that socket to refuse. */
  admitPeer(host: string, port: number): void {
    if (typeof host === "string" && typeof port === "number") {
      this.policy.check("connect", host, port);
    }
  }

  /** Sends a datagram. The caller makes a {@linkcode networkError} of what fails. */
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
    const failed = "Cannot send to";
    const addresses = await this.policy.resolve(host, port, failed);
    if (addresses !== undefined) {
      const [hostname] = addresses;
      return await conn.send(bytes, { transport: "udp", hostname, port });
    }
    // Deno would look it up by itself, and nothing would be left to check.
    const address = formatAddress(host, port);
    throw new ScopeError(
      `${failed} ${address}: the scope has to know the name's address, and Deno does not grant to look it up; ` +
        `give the address itself, or run with --allow-net=${host} and the address`,
      { address },
    );
  }
}

/** Connects to the first of a name's addresses that answers. */
async function connectToOne(
  addresses: string[],
  port: number,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const last = addresses.at(-1)!;
  for (const hostname of addresses) {
    if (hostname === last) break;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), PATIENCE * 1000);
    try {
      const either = AbortSignal.any([signal, limit.signal]);
      return await connectUntil({ hostname, port }, either);
    } catch (error) {
      if (signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
  return await connectUntil({ hostname: last, port }, signal);
}

/**
 * Connects unless `signal` aborts. Deno 2.9.6 loses a connection that is made
 * in the very turn in which its signal aborts: nobody gets it, so nobody can
 * close it. So it hears of the abort when what was made has been handed over.
 */
async function connectUntil(
  address: { hostname: string; port: number },
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const delayed = new AbortController();
  let immediate: ReturnType<typeof setImmediate> | undefined;
  const abort = () => {
    immediate = setImmediate(() => delayed.abort(signal.reason));
  };
  if (signal.aborted) throw signal.reason;
  signal.addEventListener("abort", abort);
  try {
    return await Deno.connect({ ...address, signal: delayed.signal });
  } finally {
    signal.removeEventListener("abort", abort);
    if (immediate !== undefined) clearImmediate(immediate);
  }
}

/** What a call of Deno's on an address fails with, in the words of Copas. */
export function networkError(
  failed: string,
  host: string,
  port: number,
  error: unknown,
): unknown {
  if (error instanceof CopasError) return error;
  const address = formatAddress(host, port);
  if (error instanceof Deno.errors.NotCapable) {
    return new Deno.errors.NotCapable(
      `${failed} ${address}: ${explainGrant(host, port)}`,
      { cause: error },
    );
  }
  return addressError(failed, address, error);
}

/** Refuses what is no host or no port. */
export function checkHostPort(call: string, host: string, port: number): void {
  checkString(call, "the host", host);
  if (host === "") {
    throw new TypeError(
      `${call}: the host is empty; give a name or an address`,
    );
  }
  checkInteger(call, "the port", port, 0, 65535);
}

/** LuaSocket's `"*"` is every address. */
function anyHost(host: string): string {
  return host === "*" ? "0.0.0.0" : host;
}
