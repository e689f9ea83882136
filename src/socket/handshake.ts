/**
 * The TLS handshake of a stream socket: on a connection that spoke plain text so
 * far, or that has TLS of Deno's own.
 *
 * @module
 */

import {
  CancelledError,
  ClosedError,
  HandshakeError,
  TimeoutError,
} from "../errors/errors.ts";
import { formatAddr } from "../net/address.ts";
import { handshakeError } from "../tls/failure.ts";
import {
  checkMode,
  type SslParams,
  type SslParamsSource,
  type TlsMode,
} from "../tls/params.ts";
import { finishHandshake, isTls, secure } from "../tls/secure.ts";
import type { TlsSession } from "../tls/session.ts";
import { tlsSettings } from "../tls/settings.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionSetup } from "./connection_setup.ts";

/**
 * Does the handshake. What was sent before is written first.
 *
 * @param mode which side this is, where `sslparams` doesn't say so
 * @param host the name that a server must prove, where `sslparams` has none
 * @param timeout seconds for all of it
 */
export async function handshake(
  setup: ConnectionSetup,
  connection: Connection,
  sslparams: SslParams | SslParamsSource | undefined,
  mode: TlsMode,
  host: string | undefined,
  timeout: number,
): Promise<TlsSession> {
  const work = () =>
    doHandshake(setup, connection, sslparams, mode, host, timeout);
  return await setup.observe(connection.conn, mode, host, work);
}

async function doHandshake(
  setup: ConnectionSetup,
  connection: Connection,
  sslparams: SslParams | SslParamsSource | undefined,
  mode: TlsMode,
  host: string | undefined,
  timeout: number,
): Promise<TlsSession> {
  const { conn } = connection;
  const messagePrefix = `Cannot establish TLS with ${
    formatAddr(conn.remoteAddr)
  }`;
  const deadline = setup.now + timeout;
  try {
    if (isTls(conn)) {
      const begin = () => finishHandshake(conn, setup.signal);
      return await setup.wait(begin, messagePrefix, timeout, closeSession);
    }
    let remaining = timeout;
    const signal = setup.callerSignal;
    const drained = connection.prepareUpgrade({ timeout, signal });
    if (drained !== undefined) {
      await drained;
      remaining = Math.max(deadline - setup.now, 0);
    }
    const begin = () =>
      secureConn(
        setup,
        conn,
        sslparams!,
        mode,
        host ?? hostOf(conn),
        connection.peeked,
      );
    return await setup.wait(begin, messagePrefix, remaining, closeSession);
  } catch (error) {
    throw handshakeFailure(setup, messagePrefix, error, timeout);
  }
}

/**
 * Secures a plain connection. When that fails, the connection is closed.
 *
 * @param peeked the first bytes of a client's handshake, where the program has
 * peeked at them
 */
export async function secureConn(
  setup: ConnectionSetup,
  conn: Deno.Conn,
  sslparams: SslParams | SslParamsSource,
  mode: TlsMode,
  host: string,
  peeked?: Uint8Array,
): Promise<TlsSession> {
  let settings;
  try {
    settings = await tlsSettings("sslparams", sslparams, mode);
    if (peeked !== undefined && settings.mode === "client") {
      throw new HandshakeError(
        "the server sent bytes before the client's handshake; they are dropped",
      );
    }
  } catch (error) {
    conn.close();
    throw error;
  }
  return await secure(conn, settings, host, setup.signal, peeked);
}

/**
 * What the caller gets: a `HandshakeError`, unless the program itself gave the
 * handshake up, by its signal, `removethread` or `close`.
 *
 * @param seconds how long the handshake could take
 */
export function handshakeFailure(
  setup: ConnectionSetup,
  messagePrefix: string,
  error: unknown,
  seconds: number,
): unknown {
  if (error instanceof CancelledError || error instanceof HandshakeError) {
    return error;
  }
  if (error instanceof ClosedError && setup.signal.aborted) return error;
  if (error instanceof TimeoutError) {
    return new HandshakeError(
      `${messagePrefix}: timed out after ${seconds} s`,
      { cause: error },
    );
  }
  return handshakeError(messagePrefix, error);
}

/** Refuses a handshake that can't be done, before anything has been changed. */
export function checkUpgrade(
  call: string,
  name: string,
  conn: Deno.Conn,
  sslparams: SslParams | SslParamsSource | undefined,
  mode: TlsMode,
): void {
  if (isTls(conn)) {
    // They would be ignored, and with them whatever they demand of the peer.
    if (sslparams === undefined) return;
    throw new TypeError(
      `${call}: ${name} has TLS of Deno's own, which knows no sslparams; ` +
        "give them to Deno.listenTls or Deno.connectTls, or use a plain listener (copas.socket.bind)",
    );
  }
  if (sslparams === undefined) {
    throw new TypeError(
      `${call}: ${name} has no sslparams; give them here or to copas.wrap()`,
    );
  }
  if (typeof sslparams === "object") {
    checkMode(call, sslparams, sslparams.mode ?? mode);
  }
}

/** Refuses `sslparams` other than those that the connection has been secured with. */
export function refuseLateParams(
  call: string,
  name: string,
  conn: Deno.Conn,
  sslparams: SslParams | SslParamsSource,
  usedBefore: SslParams | SslParamsSource | undefined,
): void {
  if (sslparams === usedBefore) return;
  if (usedBefore === undefined) {
    checkUpgrade(call, name, conn, sslparams, "server");
  }
  throw new TypeError(`${call}: ${name} has TLS already, with other sslparams`);
}

/** Closes a session that comes too late to be used. */
function closeSession(session: TlsSession): void {
  session.stream.close();
}

/** The address of a connection that the socket did not open itself. */
function hostOf({ remoteAddr }: Deno.Conn): string {
  return "hostname" in remoteAddr ? remoteAddr.hostname : "";
}
