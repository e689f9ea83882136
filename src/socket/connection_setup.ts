/**
 * What `connect` and `dohandshake` have in common: a wait for calls of Deno's
 * that has one deadline, and that the caller's signal, or a close of the socket,
 * can end.
 *
 * @module
 */

import { waitForCall } from "../core/call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { endOf } from "../errors/connection_end.ts";
import { ClosedError } from "../errors/errors.ts";
import type { TlsMode } from "../tls/params.ts";
import type { TlsSession } from "../tls/session.ts";
import { observedHandshake } from "./observed_handshake.ts";
import type { SocketIdentity } from "./socket_identity.ts";

/** A connect or a handshake under way. */
export class ConnectionSetup {
  /** The socket that is being set up. */
  readonly socket: SocketIdentity;
  /** The signal of the caller, if there is one. */
  readonly callerSignal?: AbortSignal;
  readonly #scheduler: Scheduler;
  readonly #abort = new AbortController();

  constructor(
    scheduler: Scheduler,
    socket: SocketIdentity,
    callerSignal?: AbortSignal,
  ) {
    this.#scheduler = scheduler;
    this.socket = socket;
    this.callerSignal = callerSignal;
  }

  /** Aborts when the setup is given up, for whatever reason: it ends the calls of Deno's. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Does a handshake that is counted. */
  observe(
    conn: Deno.Conn,
    mode: TlsMode,
    host: string | undefined,
    work: () => Promise<TlsSession>,
  ): Promise<TlsSession> {
    return observedHandshake(this.#scheduler, conn, mode, host, work);
  }

  /** Seconds on the dispatcher's clock. */
  get now(): number {
    return this.#scheduler.clock.now();
  }

  /** Ends the setup with a `ClosedError`, because the socket is being closed. */
  close(): void {
    const message = `${this.socket.name}: the socket was closed`;
    this.#abort.abort(endOf(this.socket, new ClosedError(message)));
  }

  /**
   * Suspends the current thread until `begin` has ended.
   *
   * @param messagePrefix how the messages of errors begin
   * @param timeout seconds
   * @param discard releases a result that comes after the wait was given up
   */
  wait<T>(
    begin: () => Promise<T>,
    messagePrefix: string,
    timeout: number,
    discard: (result: T) => void,
  ): Promise<T> {
    return waitForCall(this.#scheduler, begin, {
      messagePrefix,
      timeout,
      signal: this.callerSignal,
      socket: this.socket,
      onabandon: () => this.#abort.abort(),
      ondiscard: discard,
    });
  }
}
