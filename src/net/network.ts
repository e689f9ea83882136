/**
 * The calls of Deno's that touch the network, with errors that say what failed,
 * on which address, and what would be right.
 *
 * @module
 */

import { checkInteger, checkString } from "../arguments.ts";
import { addressError } from "../errors.ts";
import { formatAddress } from "./address.ts";

/** Opens sockets. */
export class Network {
  /** Listens for TCP connections. */
  listen(host: string, port: number, backlog: number): Deno.TcpListener {
    checkHostPort("bind()", host, port);
    checkInteger("bind()", "the backlog", backlog, 1, 2 ** 31 - 1);
    const hostname = anyHost(host);
    try {
      return Deno.listen({ hostname, port, tcpBacklog: backlog });
    } catch (error) {
      throw addressError("Cannot bind", formatAddress(hostname, port), error);
    }
  }

  /** Opens a UDP socket. */
  listenDatagram(host: string, port: number): Deno.DatagramConn {
    checkHostPort("setsockname()", host, port);
    const hostname = anyHost(host);
    const address = formatAddress(hostname, port);
    // Deno leaves the function out when the flag is missing.
    if (Deno.listenDatagram === undefined) {
      throw new Deno.errors.NotSupported(
        `Cannot bind ${address} for UDP: Deno.listenDatagram is not available; run with --unstable-net`,
      );
    }
    try {
      return Deno.listenDatagram({ transport: "udp", hostname, port });
    } catch (error) {
      throw addressError("Cannot bind", address, error);
    }
  }

  /** Connects by TCP. An abort of `signal` rejects with its reason. */
  async connect(
    host: string,
    port: number,
    signal: AbortSignal,
  ): Promise<Deno.TcpConn> {
    try {
      return await Deno.connect({ hostname: host, port, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      throw addressError("Cannot connect to", formatAddress(host, port), error);
    }
  }
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
