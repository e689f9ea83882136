/**
 * The life of one stream socket: its state, and what happens on the way from one
 * state to the next. `stream_state.ts` has the table.
 *
 * @module
 */

import type { TlsSession } from "../tls/session.ts";
import type { Connection } from "./connection.ts";
import type { Proxied } from "./proxied.ts";
import {
  CLOSED_REASON,
  isClosed,
  nextState,
  type StreamEvent,
  type StreamState,
} from "./stream_state.ts";

/** What is under way in the states "connecting" and "handshaking". */
export interface Setup {
  /** Ends it, because the socket is being closed. */
  close(): void;
}

/** The state of a stream socket, with what it holds there. Each method is an event. */
export abstract class StreamLife {
  /** What the socket receives from and sends to: from "open" on, unless its handshake failed. */
  connection?: Connection = undefined;
  /** What the proxy in front has said of the client. */
  proxied?: Proxied = undefined;
  /** A connection in plain text that must not be used before its handshake, in place of `connection`. */
  #withheld?: Connection = undefined;
  #state: StreamState = "unconnected";
  #setup?: Setup = undefined;
  /** The connection of which the handshake failed: its counts stay. */
  #last?: Connection = undefined;
  /** Ends when the state "closed" is reached. */
  #closing?: Promise<void> = undefined;
  /** Called when the socket begins to be closed, for what has taken it over and may have no call under way that would fail then. */
  onclosing?: () => void = undefined;
  /** Whether the socket was closed because its handler had ended. */
  protected isHandlerOver = false;
  /** Whether what it loses is not reported. */
  protected isDismissed = false;
  /** The same, but never rejects. */
  #released?: Promise<void> = undefined;

  /** How many bytes were received by the program, and taken to be sent. */
  get counts(): [received: number, sent: number] {
    const connection = this.connection ?? this.#last;
    return [connection?.receiver.delivered ?? 0, connection?.sent ?? 0];
  }

  /** Whether its TLS handshake has failed. */
  get isHandshakeFailed(): boolean {
    return this.#last !== undefined;
  }

  /** Where the socket stands. */
  get state(): StreamState {
    return this.#state;
  }

  /** Whether this side has closed the socket. */
  get isClosed(): boolean {
    return isClosed(this.#state);
  }

  /** The connection, whether it can be used already or not. */
  protected get anyConnection(): Connection | undefined {
    return this.connection ?? this.#withheld;
  }

  /** Whether the socket has a connection that waits for its handshake. */
  protected get isWithheld(): boolean {
    return this.#withheld !== undefined;
  }

  /** Keeps plain text from being sent and received until the handshake is done. */
  protected withhold(): void {
    this.#withheld ??= this.connection;
    this.connection = undefined;
  }

  /** Lets plain text be sent and received before the handshake. */
  protected release(): void {
    this.connection ??= this.#withheld;
    this.#withheld = undefined;
  }

  /** The one place where the state changes. */
  #advance(event: StreamEvent, setup?: Setup): void {
    this.#state = nextState(this.#state, event);
    this.#setup = setup;
  }

  /** A connect begins. */
  protected connectBegins(setup: Setup): void {
    this.#advance("connect", setup);
  }

  /** The socket has a connection. */
  protected hasConnected(connection: Connection): void {
    this.#advance("connected");
    this.connection = connection;
  }

  /** The connect failed: another one may follow, unless the socket was closed meanwhile. */
  protected connectHasFailed(): void {
    if (!this.isClosed) this.#advance("connect failed");
  }

  /** A handshake begins. */
  protected handshakeBegins(setup: Setup): void {
    this.#advance("handshake", setup);
  }

  /** The handshake is done on TLS of Deno's own, on which the halves work already. */
  protected hasSession(connection: Connection, session: TlsSession): void {
    this.#advance("secured");
    connection.session = session;
    if (connection.isHalfClosed) this.#advance("shutdown");
  }

  /** The handshake has made another connection of the plain one. */
  protected hasUpgraded(connection: Connection): void {
    this.#advance("secured");
    this.connection = connection;
    this.#withheld = undefined;
  }

  /** The handshake failed: the connection can't be used any more, and the socket is closed. */
  protected handshakeHasFailed(connection: Connection): void {
    this.connection = undefined;
    this.#withheld = undefined;
    this.#last = connection;
    connection.abandon("its TLS handshake failed");
    if (!this.isClosed) this.#close("handshake failed");
  }

  /** Closes one direction of `connection`, or both. */
  protected async shutdownOf(
    connection: Connection,
    direction: "send" | "receive" | "both",
  ): Promise<void> {
    const isShutDown = connection.shutdown(direction);
    if (connection.isHalfClosed) this.#halfClose();
    await isShutDown;
  }

  #halfClose(): void {
    this.#advance("shutdown", this.#setup);
  }

  /** Closes the socket when all that was sent is written. */
  close(): Promise<void> {
    return this.#closing ?? this.#close("close");
  }

  /** Closes the socket at once; what was not written yet is lost. */
  abandon(): void {
    this.anyConnection?.abandon(CLOSED_REASON);
    this.close();
  }

  /** Closes the socket, and resolves when it is closed, however that goes: bytes that were lost are told by `close`, or reported. */
  finish(isHandlerOver = false): Promise<void> {
    if (!this.isClosed) this.isHandlerOver = isHandlerOver;
    this.close();
    return this.#released ?? Promise.resolve();
  }

  /** Closes the socket of a client that is refused: what it does not take is no loss of the program's. Resolves when it is closed. */
  async dismiss(): Promise<void> {
    this.isDismissed = true;
    await this.finish(true);
  }

  /** The socket is being closed. */
  protected closeBegins(): void {}

  /** The caller need not await a close. A failure of it is reported then. */
  protected abstract closeFailed(error: unknown): void;

  #close(event: "close" | "handshake failed"): Promise<void> {
    const setup = this.#setup;
    this.#advance(event);
    this.closeBegins();
    this.onclosing?.();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#closing = promise;
    setup?.close();
    this.#released = (this.anyConnection?.close() ?? Promise.resolve())
      .then(() => {
        this.#advance("released");
        resolve();
      }, (error) => {
        this.#advance("released");
        this.closeFailed(error);
        reject(error);
      });
    return promise;
  }
}
