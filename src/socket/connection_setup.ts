/**
 * How a stream socket comes to its connection: connecting, and the TLS
 * handshake. Each is one wait with one deadline for all of it.
 *
 * @module
 */

import { waitForCall } from "../core/call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import {
  CancelledError,
  ClosedError,
  HandshakeError,
  TimeoutError,
} from "../errors/errors.ts";
import { formatAddr, formatAddress } from "../net/address.ts";
import type { Network } from "../net/network.ts";
import type { Connection } from "./connection.ts";
import type { Timeouts } from "./timeouts.ts";
import { finishHandshake, isTls, secure } from "../tls/secure.ts";
import {
  checkMode,
  type SslParams,
  type SslParamsSource,
  type TlsMode,
} from "../tls/params.ts";
import { handshakeError } from "../tls/failure.ts";
import type { TlsSession } from "../tls/session.ts";
import { tlsSettings } from "../tls/settings.ts";

/** How long a server lets a client shake hands when nobody says so, in seconds. */
const SERVER_PATIENCE = 10;

/** The socket whose connection is being opened. */
export interface SetupSocket {
  readonly name: string;
  readonly timeouts: Timeouts;
}

/** The opening of a connection, which `close()` can end. */
export class ConnectionSetup {
  readonly #scheduler: Scheduler;
  readonly #socket: SetupSocket;
  readonly #options: WaitOptions;
  readonly #abort = new AbortController();

  constructor(
    scheduler: Scheduler,
    socket: SetupSocket,
    options: WaitOptions = {},
  ) {
    this.#scheduler = scheduler;
    this.#socket = socket;
    this.#options = options;
  }

  /** The socket is being closed: the opening fails with a `ClosedError`. */
  close(): void {
    this.#abort.abort(
      new ClosedError(`${this.#socket.name}: the socket was closed`),
    );
  }

  /** Connects; with `sslparams` the handshake is part of it. */
  async connect(
    network: Network,
    host: string,
    port: number,
    sslparams: SslParams | SslParamsSource | undefined,
  ): Promise<Deno.Conn | TlsSession> {
    const { signal } = this.#abort;
    const address = formatAddress(host, port);
    let shaking = false;
    const begin = async () => {
      const conn = await network.connect(host, port, signal);
      if (sslparams === undefined) return conn;
      shaking = true;
      // They can't be set any more when TLS has taken the connection over. Deno
      // does not close it before its handshake is over, not even when it is told
      // to: at least a host that has died is noticed some day.
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
      return await this.#secure(conn, sslparams, "client", host);
    };
    const seconds = this.#seconds();
    try {
      const failed = `Cannot connect to ${address}`;
      return await this.#wait<Deno.Conn | TlsSession>(begin, failed, seconds);
    } catch (error) {
      if (!shaking) throw error;
      throw this.#failure(`Cannot establish TLS with ${address}`, error);
    }
  }

  /** Does the handshake on a connection that spoke plain text so far, or has TLS of Deno's own. */
  async handshake(
    connection: Connection,
    sslparams: SslParams | SslParamsSource | undefined,
    mode: TlsMode,
    host: string,
  ): Promise<TlsSession> {
    const { conn } = connection;
    const failed = `Cannot establish TLS with ${formatAddr(conn.remoteAddr)}`;
    const { clock } = this.#scheduler;
    const patience = this.#seconds(mode === "server");
    const deadline = clock.now() + patience;
    try {
      if (isTls(conn)) {
        const { signal } = this.#abort;
        return await this.#wait(
          () => finishHandshake(conn, signal),
          failed,
          patience,
        );
      }
      let left = patience;
      const drained = connection.fallSilent({
        ...this.#options,
        timeout: patience,
      });
      if (drained !== undefined) {
        await drained;
        left = Math.max(deadline - clock.now(), 0);
      }
      return await this.#wait(
        () => this.#secure(conn, sslparams!, mode, host),
        failed,
        left,
      );
    } catch (error) {
      throw this.#failure(failed, error, patience);
    }
  }

  async #secure(
    conn: Deno.Conn,
    sslparams: SslParams | SslParamsSource,
    mode: TlsMode,
    host: string,
  ): Promise<TlsSession> {
    let settings;
    try {
      settings = await tlsSettings("sslparams", sslparams, mode);
    } catch (error) {
      conn.close();
      throw error;
    }
    return await secure(conn, settings, host, this.#abort.signal);
  }

  #wait<T extends Deno.Conn | TlsSession>(
    begin: () => Promise<T>,
    failed: string,
    timeout: number,
  ): Promise<T> {
    return waitForCall(this.#scheduler, begin, {
      failed,
      timeout,
      signal: this.#options.signal,
      socket: this.#socket,
      onabandon: () => this.#abort.abort(),
      ondiscard: closeOpened,
    });
  }

  #seconds(isServer = false): number {
    const { timeout } = this.#options;
    if (timeout !== undefined) return timeout < 0 ? Infinity : timeout;
    const { connect } = this.#socket.timeouts;
    return connect === Infinity && isServer ? SERVER_PATIENCE : connect;
  }

  /** Whatever ends a handshake is a `HandshakeError`, but for who gave it up on purpose. */
  #failure(failed: string, error: unknown, seconds = this.#seconds()): unknown {
    if (error instanceof CancelledError || error instanceof HandshakeError) {
      return error;
    }
    if (error instanceof ClosedError && this.#abort.signal.aborted) {
      return error;
    }
    if (error instanceof TimeoutError) {
      return new HandshakeError(`${failed}: timed out after ${seconds} s`, {
        cause: error,
      });
    }
    return handshakeError(failed, error);
  }
}

/** Refuses an upgrade that can't be, before anything has been changed. */
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

/** Closes what nobody wants any more. */
export function closeOpened(opened: Deno.Conn | TlsSession): void {
  if ("stream" in opened) opened.stream.close();
  else opened.close();
}

/** What a connection is connected to, when nobody has said a name. */
export function hostOf({ remoteAddr }: Deno.Conn): string {
  return "hostname" in remoteAddr ? remoteAddr.hostname : "";
}
