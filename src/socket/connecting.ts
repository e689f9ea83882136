/**
 * Connecting: by TCP, and where the socket has `sslparams`, the TLS handshake
 * that follows. One deadline holds for both.
 *
 * @module
 */

import { formatAddress } from "../net/address.ts";
import type { Layer, Network, Preface } from "../net/network.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { TlsSession } from "../tls/session.ts";
import type { ConnectionSetup } from "./connection_setup.ts";
import { handshakeFailure, secureConn } from "./handshake.ts";

/** A connection, with its TLS session if it has one. */
export interface Connected {
  readonly conn: Deno.Conn;
  readonly session?: TlsSession;
}

/**
 * Connects to `host` and `port`.
 *
 * @param timeout seconds for all of it
 * @param settings `isPeersPort`: whether the peer has chosen the port, which is
 * another one each time; `layer` makes another connection of the new one;
 * `preface` makes what is sent before all else
 */
export async function connectStream(
  setup: ConnectionSetup,
  network: Network,
  host: string,
  port: number,
  sslparams: SslParams | SslParamsSource | undefined,
  timeout: number,
  { isPeersPort, layer, preface }: {
    isPeersPort?: boolean;
    layer?: Layer;
    preface?: Preface;
  } = {},
): Promise<Connected> {
  const address = formatAddress(host, port);
  let isHandshaking = false;
  const begin = async (): Promise<Connected> => {
    const tcp = await network.connect(
      host,
      port,
      setup.signal,
      isPeersPort,
    );
    const isTls = layer !== undefined || sslparams !== undefined;
    // They can't be set any more when TLS has taken the connection over. Deno
    // does not close it before its handshake is over, not even when it is told
    // to: keepalive lets the system notice at last that a host has died.
    if (isTls) {
      tcp.setNoDelay(true);
      tcp.setKeepAlive(true);
    }
    let conn: Deno.Conn = tcp;
    if (layer !== undefined) {
      isHandshaking = true;
      conn = await layer(tcp, setup.signal);
      isHandshaking = false;
    }
    if (preface !== undefined) await sendFirst(conn, preface);
    if (sslparams === undefined) return { conn };
    isHandshaking = true;
    const session = await setup.observe(
      conn,
      "client",
      host,
      () => secureConn(setup, conn, sslparams, "client", host),
    );
    return { conn: session.conn, session };
  };
  try {
    const messagePrefix = `Cannot connect to ${address}`;
    return await setup.wait(begin, messagePrefix, timeout, closeConnected);
  } catch (error) {
    if (!isHandshaking) throw error;
    const messagePrefix = `Cannot establish TLS with ${address}`;
    throw handshakeFailure(setup, messagePrefix, error, timeout);
  }
}

/** Sends what `preface` makes. When that fails, the connection is closed. */
async function sendFirst(conn: Deno.Conn, preface: Preface): Promise<void> {
  try {
    let rest = await preface();
    while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
  } catch (error) {
    conn.close();
    throw error;
  }
}

/** Closes a connection that comes too late to be used. */
export function closeConnected({ conn, session }: Connected): void {
  (session?.stream ?? conn).close();
}
