/**
 * TLS on a connection. Deno's own does what it can; the rest is done by
 * `node:tls`, which is loaded when it is needed for the first time, and for a
 * server beforehand. Nothing above this file knows which of the two a
 * connection has.
 *
 * | | Deno's own | `node:tls` |
 * |---|---|---|
 * | client without a certificate | TCP | Unix sockets, TLS within TLS |
 * | client with a certificate | it ignores the certificate (2.9.6) | yes |
 * | server on an accepted connection | it has none | yes |
 *
 * @module
 */

import { isAddress } from "../net/address.ts";
import { closeConn, handshakeOf } from "./accepted_handshake.ts";
import type { TlsSession } from "./session.ts";
import type { TlsSettings } from "./settings.ts";

/** Whether a connection has TLS of Deno's own: from `Deno.listenTls`, `Deno.connectTls`, `Deno.startTls`. */
export function isTls(conn: Deno.Conn): conn is Deno.TlsConn {
  return "handshake" in conn;
}

/**
 * Loads what does TLS by `node:tls`. A server does it before its first client
 * comes: with no descriptor left, Deno can't open the file, and ends the process
 * (2.9.6).
 */
export function loadEngine(): Promise<typeof import("./node_engine.ts")> {
  return import("./node_engine.ts");
}

/**
 * Does the handshake on a plain connection on which nothing is under way.
 * When it fails, the connection is closed.
 *
 * @param host the name that the server must prove, where the settings have none
 * @param signal gives up, with its reason
 * @param first bytes of a client's handshake that have been read already
 */
export async function secure(
  conn: Deno.Conn,
  settings: TlsSettings,
  host: string,
  signal: AbortSignal,
  first?: Uint8Array,
): Promise<TlsSession> {
  // An operation under way on the connection then ends with an error.
  const stop = () => closeConn(conn);
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    if (settings.mode === "server") {
      const { acceptTls } = await loadEngine();
      signal.throwIfAborted();
      return await acceptTls(conn, settings, first);
    }
    const name = withoutLastDot(settings.servername ?? host);
    if (name === "") {
      throw new TypeError(
        "the peer has no name that could be verified; give servername in sslparams",
      );
    }
    // Deno's own secures connections of the system's, and no layer on top of one.
    const isBare = conn.remoteAddr.transport === "tcp" && "setNoDelay" in conn;
    if (settings.certificate === undefined && isBare) {
      return await startTls(conn as Deno.TcpConn, settings, name, signal);
    }
    const { connectTls } = await loadEngine();
    signal.throwIfAborted();
    return await connectTls(conn, settings, name);
  } catch (error) {
    closeConn(conn);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The client's side by Deno's own. */
async function startTls(
  conn: Deno.TcpConn,
  settings: TlsSettings,
  name: string,
  signal: AbortSignal,
): Promise<TlsSession> {
  const { caCerts, alpnProtocols } = settings;
  const secured = await Deno.startTls(conn, {
    hostname: name,
    caCerts,
    alpnProtocols,
  });
  return {
    ...await finishHandshake(secured, signal),
    servername: isAddress(name) ? null : name,
  };
}

/** Does, or awaits, the handshake of a connection that has TLS of Deno's own. When it fails, the connection is closed. */
export async function finishHandshake(
  conn: Deno.TlsConn,
  signal: AbortSignal,
): Promise<TlsSession> {
  const givenUp = Promise.withResolvers<never>();
  const stop = () => {
    closeConn(conn);
    // The handshake itself may go on until the peer acts.
    givenUp.reject(signal.reason);
  };
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    const handshake = handshakeOf(conn);
    const { alpnProtocol } = await Promise.race([handshake, givenUp.promise]);
    signal.throwIfAborted();
    return {
      conn,
      stream: conn,
      alpn: alpnProtocol,
      // Deno tells a server neither the name nor the certificate.
      servername: null,
      peercertificate: null,
    };
  } catch (error) {
    closeConn(conn);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** `example.com.` is the same host as `example.com`, whose certificate says it without the dot. */
function withoutLastDot(host: string): string {
  return host.replace(/\.$/, "");
}
