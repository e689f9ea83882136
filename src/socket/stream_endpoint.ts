/**
 * What stands behind a {@linkcode StreamSocket}: its name, and how it comes to
 * its connection and to TLS.
 *
 * @module
 */

import { wasReported } from "../core/error_reports.ts";
import { handled } from "../core/handled.ts";
import { checkedCall, rejectedCall } from "../core/immediate_call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { reportUnawaitedBy } from "../core/unawaited.ts";
import { checkString } from "../errors/arguments.ts";
import { endOf, isBreakOf, isEndOf } from "../errors/connection_end.ts";
import { ClosedError } from "../errors/errors.ts";
import {
  checkWaitOptions,
  readWaitOptions,
  type WaitOptions,
} from "../errors/wait_options.ts";
import { formatAddress } from "../net/address.ts";
import { checkHostPort } from "../net/address_error.ts";
import type { ConnectSettings, Network } from "../net/network.ts";
import { closeConnected, connectStream } from "./connecting.ts";
import { Connection } from "./connection.ts";
import { ConnectionSetup } from "./connection_setup.ts";
import { checkUpgrade, handshake, refuseLateParams } from "./handshake.ts";
import { handshakeTimeout } from "./timeouts.ts";
import type { SocketIdentity } from "./socket_identity.ts";
import { streamBroke } from "./socket_failure.ts";
import { streamName } from "./default_names.ts";
import type { Name, StreamEndpointOptions } from "./socket_options.ts";
import {
  CLOSED_REASON,
  notSecured,
  whyNotConnectable,
  whyNotConnected,
} from "./stream_state.ts";
import { WatchedLife } from "./watched_life.ts";
import {
  checkSslParams,
  type SslParams,
  type SslParamsSource,
  type TlsMode,
} from "../tls/params.ts";
import { isTls } from "../tls/secure.ts";
import type { TlsSession } from "../tls/session.ts";

/** The inside of a stream socket. */
export class StreamEndpoint extends WatchedLife {
  readonly scheduler: Scheduler;
  readonly #network: Network;
  readonly #socket: SocketIdentity;
  readonly options: StreamEndpointOptions;
  #name?: Name;
  #sslparams?: SslParams | SslParamsSource;
  /** Whether the socket speaks plain text until its handshake. */
  #isStartTls: boolean;
  /** The host and the address that the socket connects to, or is connected to, as the caller wrote them. */
  #target?: { host: string; address: string } = undefined;

  constructor(
    scheduler: Scheduler,
    network: Network,
    socket: SocketIdentity,
    options: StreamEndpointOptions,
    name: Name | undefined,
  ) {
    super(scheduler, options);
    this.scheduler = scheduler;
    this.#network = network;
    this.#socket = socket;
    this.options = options;
    this.#name = name;
    this.#sslparams = options.sslparams;
    this.#isStartTls = options.starttls ?? false;
  }

  /** The socket's name; without one of its own, it tells the address. */
  get name(): string {
    if (this.#name === undefined) {
      return streamName(this.#target?.address, this.connection?.conn);
    }
    return this.#name = String(this.#name);
  }
  set name(name: string) {
    checkString("a socket's name", "it", name);
    this.#name = name;
  }

  /** Reports that the stream written to the socket broke off, which ends the connection. */
  streamBroke(cause: unknown): void {
    const scheduler = this.scheduler;
    const error = streamBroke(this.#socket, cause);
    scheduler.report(error, scheduler.current, this.#socket);
  }

  /** The connection, for a call that needs one, be it closed. */
  connected(call: string): Connection {
    if (this.anyConnection !== undefined) return this.anyConnection;
    throw this.notConnected(call);
  }

  /** The error of a call that needs a connection where there is none, or none that can be used yet. */
  notConnected(call: string): Error {
    if (this.isWithheld && !this.isClosed) {
      return notSecured(call, this.state, this.name);
    }
    const why = whyNotConnected(this.state);
    return new ClosedError(`${call}: ${why}: ${this.name}`);
  }

  /** What a call gets that needs a connection where there is none. */
  refuse(call: string): Promise<never> {
    return rejectedCall(this.scheduler, this.notConnected(call));
  }

  /** The promise of a call that may come to its end without a wait. */
  checked<T>(call: Promise<T>): Promise<T> {
    return checkedCall(this.scheduler, call);
  }
  /** Closes the socket, for a caller that may do so again and again. */
  closeCall(): Promise<void> {
    if (!this.isClosed || this.scheduler.mayProceed()) return this.close();
    return handled(this.checked(this.close()));
  }

  /** The connection, for a call that needs an open one. */
  open(call: string): Connection {
    const connection = this.connected(call);
    if (!this.isClosed) return connection;
    throw this.#closedError(`${call}: ${CLOSED_REASON}: ${this.name}`);
  }

  /** This side has closed the socket. */
  #closedError(message: string): ClosedError {
    return endOf(this.#socket, new ClosedError(message));
  }

  /** What the TLS handshake has brought, for a call that needs it. */
  session(call: string): TlsSession {
    const { session } = this.connected(call);
    if (session !== undefined) return session;
    throw new Deno.errors.NotSupported(
      `${call}: ${this.name} has no TLS, or its handshake is not done yet`,
    );
  }

  // --- Connecting --------------------------------------------------------------------

  /** Takes a connection over that is open already. */
  adopt(conn: Deno.Conn): void {
    this.hasConnected(this.#connection(conn));
    const { sslparams, starttls } = this.options;
    if (sslparams !== undefined && !starttls && !isTls(conn)) this.withhold();
  }

  /** Connects, with the handshake where the socket has `sslparams`. */
  async connect(
    host: string,
    port: number,
    options?: WaitOptions,
    { view, ...settings }: ConnectSettings = {},
  ): Promise<void> {
    const call = "connect()";
    checkHostPort(call, host, port);
    checkWaitOptions(call, options);
    const { connect } = this.#socket.timeouts;
    const { timeout, signal } = readWaitOptions(call, options, connect);
    const address = formatAddress(host, port);
    const messagePrefix = `Cannot connect to ${address}`;
    this.#checkConnectable(messagePrefix);
    const setup = this.#setup(signal);
    this.connectBegins(setup);
    this.#target = { host, address };
    try {
      const { conn, session } = await connectStream(
        setup,
        this.#network.within(view),
        host,
        port,
        this.#isStartTls ? undefined : this.#sslparams,
        timeout,
        settings,
      );
      if (this.isClosed) {
        closeConnected({ conn, session });
        throw new ClosedError(`${messagePrefix}: the socket was closed`);
      }
      this.hasConnected(this.#connection(conn, session));
    } catch (error) {
      this.#target = undefined;
      this.connectHasFailed();
      throw error;
    }
  }

  /**
   * Holds an address that a peer of the socket is asked to reach, such as a
   * proxy, against the scope that holds for the socket itself.
   *
   * @throws {ScopeError} when the scope does not allow it
   */
  checkScope(host: string, port: number): void {
    this.#network.policy.check("connect", host, port);
  }

  #checkConnectable(messagePrefix: string): void {
    const why = whyNotConnectable(this.state);
    if (why === undefined) return;
    const message = `${messagePrefix}: ${why}`;
    throw this.isClosed
      ? new ClosedError(message)
      : new TypeError(`${message}: ${this.name}`);
  }

  #connection(conn: Deno.Conn, session?: TlsSession): Connection {
    const options = this.options;
    return new Connection(
      this.scheduler,
      this.#socket,
      options,
      conn,
      session,
      this,
    );
  }

  #setup(signal?: AbortSignal): ConnectionSetup {
    return new ConnectionSetup(this.scheduler, this.#socket, signal);
  }

  // --- TLS ---------------------------------------------------------------------------

  /** Does the handshake. A connection that a server accepted is the server's side, unless `sslparams` say otherwise. */
  handshake(
    sslparams?: SslParams | SslParamsSource,
    options?: WaitOptions,
  ): Promise<void> {
    const mode = this.options.accepted === true ? "server" : "client";
    return this.secure(sslparams, mode, options);
  }

  /**
   * Does the handshake, unless it is done already. When it fails, the socket is
   * closed.
   *
   * @param given how; without it, with the `sslparams` that the socket has
   * @param mode which side this is, where they don't say so
   */
  async secure(
    given: SslParams | SslParamsSource | undefined,
    mode: TlsMode,
    options?: WaitOptions,
  ): Promise<void> {
    const call = "dohandshake()";
    if (given !== undefined) checkSslParams(call, given);
    checkWaitOptions(call, options);
    if (this.connected(call).session !== undefined) {
      return this.equip(call, given);
    }
    const connection = this.open(call);
    if (this.state === "handshaking") {
      throw new TypeError(`${call}: one is under way already: ${this.name}`);
    }
    const sslparams = given ?? this.#sslparams;
    checkUpgrade(call, this.name, connection.conn, sslparams, mode);
    const { timeouts } = this.#socket;
    const timeout = handshakeTimeout(options, timeouts, mode, this.options);
    const setup = this.#setup(options?.signal);
    this.handshakeBegins(setup);
    try {
      const host = this.#target?.host;
      const session = await handshake(
        setup,
        connection,
        sslparams,
        mode,
        host,
        timeout,
      );
      if (this.isClosed) {
        // The close came between the end of the handshake and its news.
        session.stream.close();
        throw this.#closedError(`${call}: the socket was closed: ${this.name}`);
      }
      this.#sslparams = sslparams;
      this.#secured(connection, session);
    } catch (error) {
      // A name that tells the address stays when the connection goes.
      this.#name = this.name;
      this.handshakeHasFailed(connection);
      throw error;
    }
  }

  #secured(before: Connection, session: TlsSession): void {
    if (isTls(before.conn)) return this.hasSession(before, session);
    const connection = this.#connection(session.conn, session);
    connection.inheritCounts(before);
    this.hasUpgraded(connection);
  }

  /**
   * Keeps `sslparams` for the handshake to come.
   *
   * @param call is named where they come too late
   * @param starttls whether the socket speaks plain text until then
   */
  equip(
    call: string,
    sslparams?: SslParams | SslParamsSource,
    starttls = false,
  ): void {
    if (sslparams === undefined) return;
    const connection = this.anyConnection;
    if (connection?.session !== undefined) {
      const { conn } = connection;
      const usedBefore = this.#sslparams;
      return refuseLateParams(call, this.name, conn, sslparams, usedBefore);
    }
    this.#sslparams = sslparams;
    this.#isStartTls = starttls;
    if (starttls) return this.release();
    if (connection !== undefined && !isTls(connection.conn)) this.withhold();
  }

  protected override closeFailed(error: unknown): void {
    const { current } = this.scheduler;
    reportUnawaitedBy(error, () => {
      // That a peer has left is the ordinary end of a handler's connection.
      const isOrdinary = this.isHandlerOver &&
        (isEndOf(this.#socket, error) || isBreakOf(this.#socket, error));
      const isDropped = this.isDismissed || this.connection?.isAbandoned;
      if (isOrdinary || isDropped) return;
      // The error of a send that was cut, and left the handler, says the same.
      if (wasReported(error)) return;
      this.scheduler.report(error, current, this.#socket);
    });
  }

  /** Closes one direction, or both. */
  async shutdown(direction: "send" | "receive" | "both"): Promise<void> {
    await this.shutdownOf(this.open("shutdown()"), direction);
  }
}
