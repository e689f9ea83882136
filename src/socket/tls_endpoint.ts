/**
 * What a stream socket has of TLS: the handshake, and what it has agreed on.
 *
 * @module
 */

import { checkWaitOptions } from "../errors/wait_options.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { ClosedError } from "../errors/errors.ts";
import {
  checkUpgrade,
  closeOpened,
  ConnectionSetup,
  hostOf,
} from "./connection_setup.ts";
import { StreamEndpoint } from "./stream_endpoint.ts";
import { isTls } from "../tls/secure.ts";
import {
  checkSslParams,
  type SslParams,
  type SslParamsSource,
  type TlsMode,
} from "../tls/params.ts";
import type { PeerCertificate, TlsSession } from "../tls/session.ts";

/** What the dispatcher does with a socket, and its user does not. */
export interface SocketFriend {
  /** Keeps `sslparams` for the handshake to come. */
  equip(
    socket: TlsEndpoint,
    call: string,
    sslparams: SslParams | SslParamsSource,
  ): void;
  /** Does the handshake; `mode` is what `sslparams` need not say. */
  secure(
    socket: TlsEndpoint,
    sslparams: SslParams | SslParamsSource | undefined,
    mode: TlsMode,
  ): Promise<void>;
}

/** The way to what is private in a socket, for the files of Copas itself. */
export let socketFriend: SocketFriend;

/** The part of a {@linkcode StreamSocket} that is about TLS. */
export abstract class TlsEndpoint extends StreamEndpoint {
  /**
   * Does the TLS handshake: on a connection that spoke plain text so far
   * (STARTTLS), or on one from `Deno.listenTls` or `Deno.connectTls`. When it is
   * done already, nothing happens.
   *
   * What was sent before is written first, in plain text. Nothing may have been
   * received ahead: a command that somebody slipped in before the handshake must
   * not be obeyed after it. When the handshake fails, the socket is closed.
   *
   * @param sslparams how; default: those that `copas.wrap` was given. A
   * connection that a server accepted is the server's side, every other the
   * client's, unless `mode` says otherwise. A client verifies the host that the
   * socket was connected to, unless `servername` names another one
   * @param options `timeout` in seconds, in place of the socket's connect timeout
   * (a server that has none waits 10 seconds); `signal` to give up
   * @returns the socket itself
   * @throws {HandshakeError} when it fails or takes too long; `cause` tells more
   * @throws {TypeError} when there are no `sslparams`, or wrong ones
   */
  async dohandshake(
    sslparams?: SslParams | SslParamsSource,
    options?: WaitOptions,
  ): Promise<this> {
    const mode = this.accepted ? "server" : "client";
    await this.#secure(sslparams, mode, options);
    return this;
  }

  async #secure(
    given: SslParams | SslParamsSource | undefined,
    mode: TlsMode,
    options?: WaitOptions,
  ): Promise<void> {
    const call = "dohandshake()";
    if (given !== undefined) checkSslParams(call, given);
    checkWaitOptions(call, options);
    const connection = this.connected(call);
    if (connection.session !== undefined) return this.#equip(call, given);
    if (this.closed) {
      throw new ClosedError(`${call}: the socket is closed: ${this.name}`);
    }
    if (this.opening !== undefined) {
      throw new TypeError(`${call}: one is under way already: ${this.name}`);
    }
    const sslparams = given ?? this.givenSslParams();
    checkUpgrade(call, this.name, connection.conn, sslparams, mode);
    const opening = this.opening = new ConnectionSetup(
      this.scheduler,
      this,
      options,
    );
    try {
      const host = this.host ?? hostOf(connection.conn);
      const session = await opening.handshake(
        connection,
        sslparams,
        mode,
        host,
      );
      if (this.closed) {
        // Somebody was faster than the news of the handshake.
        closeOpened(session);
        throw new ClosedError(`${call}: the socket was closed: ${this.name}`);
      }
      this.keepSslParams(sslparams);
      if (session.conn === connection.conn && isTls(connection.conn)) {
        connection.session = session;
      } else this.attach(session, connection);
    } catch (error) {
      // Its name is made of the connection's address, unless it was given one.
      const { name } = this;
      this.connection = undefined;
      this.name = name;
      connection.abandon("its TLS handshake failed");
      this.close();
      throw error;
    } finally {
      this.opening = undefined;
    }
  }

  /** Keeps `sslparams` for the handshake to come. */
  #equip(call: string, sslparams?: SslParams | SslParamsSource): void {
    if (sslparams === undefined || sslparams === this.givenSslParams()) return;
    const connection = this.connection;
    if (connection?.session !== undefined) {
      if (this.givenSslParams() === undefined) {
        checkUpgrade(call, this.name, connection.conn, sslparams, "server");
      }
      throw new TypeError(
        `${call}: ${this.name} has TLS already, with other sslparams`,
      );
    }
    this.keepSslParams(sslparams);
  }

  static {
    socketFriend = {
      equip: (socket, call, sslparams) => socket.#equip(call, sslparams),
      secure: (socket, sslparams, mode) => socket.#secure(sslparams, mode),
    };
  }

  /**
   * The application protocol that both sides of a TLS connection agreed on, or
   * `null` when there is none.
   *
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   */
  getalpn(): string | null {
    return this.#session("getalpn()").alpn;
  }

  /**
   * The name that the client of a TLS connection asked the server for, or `null`
   * when it asked for none. Of a connection from `Deno.listenTls` it is `null`:
   * Deno does not tell.
   *
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   */
  getsniname(): string | null {
    return this.#session("getsniname()").servername;
  }

  /**
   * The peer's certificate, which has been verified, or `null`: of a client that
   * was not asked for one, and wherever Deno does not tell (a connection from
   * `Deno.listenTls`; a server that was connected to without a certificate of
   * one's own).
   *
   * @throws {Deno.errors.NotSupported} when the socket has no TLS (yet)
   */
  getpeercertificate(): PeerCertificate | null {
    return this.#session("getpeercertificate()").peercertificate;
  }

  #session(call: string): TlsSession {
    const { session } = this.connected(call);
    if (session !== undefined) return session;
    throw new Deno.errors.NotSupported(
      `${call}: ${this.name} has no TLS, or its handshake is not done yet`,
    );
  }
}
