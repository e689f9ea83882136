/**
 * `duplex`: a Copas socket for a library that wants one of `node:net`.
 *
 * @module
 */

import type { Socket } from "node:net";
import { checkKeys } from "../errors/known_keys.ts";
import { wrongType } from "../errors/arguments.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import { type DuplexOptions, NetDuplex } from "./net_duplex.ts";
import type { NodeCertificate } from "./certificate.ts";

/**
 * A stream of `node:stream` that passes for a socket of `node:net`, and for one
 * of `node:tls` where the Copas socket has TLS. It is no `instanceof` them.
 *
 * `setTimeout` goes by the dispatcher's clock. `setKeepAlive` and `setNoDelay`
 * are wishes: a Unix socket and TLS ignore them. With `unref` the reads of the
 * stream let `copas.loop()` end. It is connected already: `connect`, which some
 * libraries call on what they are given, only says so, by the event.
 */
export interface DuplexSocket extends Socket {
  /** Whether the connection has TLS. */
  readonly encrypted: boolean;
  /** Whether TLS has verified who the peer is: a server always, a client where it has shown a certificate. */
  readonly authorized: boolean;
  /** The application protocol that TLS has agreed on; `false`: none; `null`: there is no TLS. */
  readonly alpnProtocol: string | false | null;
  /** The server's name that a client has asked for by TLS; `false`: none; `null`: there is no TLS. */
  readonly servername: string | false | null;
  /**
   * The peer's certificate.
   *
   * @returns the certificate, or `{}` where none is known that was verified
   * @throws never
   */
  getPeerCertificate(): NodeCertificate | Record<string, never>;
}

/**
 * Makes a stream of `node:stream` of a connected socket, for a library that
 * takes a socket of `node:net`.
 *
 * The stream belongs to the thread that makes it: its reads and writes are waits
 * of that thread, with the timeouts of the socket, and they end when the thread
 * is removed. It reads when the library wants to read, and a write is done when
 * the socket has taken it: so a slow side makes the other one wait. When the
 * stream is destroyed the socket is closed. Errors of the socket are errors of
 * the stream, with codes of `node:net` (`ECONNRESET`, `ETIMEDOUT`, `ECANCELED`)
 * and ours as `cause`; where the library does not listen for them, they don't
 * end the process.
 *
 * Inside a handler, wait for the stream's end before you return: the handler's
 * end closes the connection. {@linkcode listener} does that.
 *
 * @param skt the socket, connected, after its TLS handshake. It is the stream's
 * from now on
 * @param options `allowHalfOpen`: whether this side may go on sending when the
 * peer has ended. Default: `false`, the stream then ends by itself
 * @returns the stream
 * @throws {TypeError} when `skt` is no stream socket, or an option is unknown
 * @throws {ClosedError} when the socket is not connected
 *
 * @example A library that takes a socket
 * ```ts
 * import { once } from "node:events";
 * import copas from "jsr:@copas/copas";
 * import { duplex } from "jsr:@copas/copas/node";
 *
 * copas.addthread(async () => {
 *   const skt = await copas.socket.connect("127.0.0.1", 8080);
 *   const stream = duplex(skt);
 *   stream.pipe(stream); // echoes
 *   await copas.wait(once(stream, "close"));
 * });
 * await copas.loop();
 * ```
 */
export function duplex(
  skt: StreamSocket,
  options: DuplexOptions = {},
): DuplexSocket {
  checkSocket("duplex()", skt);
  checkKeys("duplex()", "the options", options, ["allowHalfOpen"]);
  return asSocket(new NetDuplex(skt, options));
}

/** It has the members of node's that are for sockets that are connected. */
export function asSocket(duplex: NetDuplex): DuplexSocket {
  return duplex as unknown as DuplexSocket;
}

function checkSocket(call: string, skt: unknown): void {
  if (skt instanceof StreamSocket) return;
  throw wrongType(
    call,
    "the socket",
    "a stream socket of Copas's; wrap Deno's with copas.wrap()",
    skt,
  );
}
