/**
 * The thread of a served connection.
 *
 * @module
 */

import { ListNode } from "../collections/linked_list.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Activity } from "../core/tracer.ts";
import { Thread } from "../core/thread.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { ConnectionNames } from "./connection_names.ts";

/** The server of a connection, as the connection's thread knows it. */
export interface ConnectionOwner {
  /** An error has left the handler of a connection. */
  failed(thread: ConnectionThread, error: unknown): void;
  /** A connection has been served: another one may take its place. */
  served(thread: ConnectionThread): void;
}

/** Runs the handler of a connection, and closes the connection when the handler has ended. */
export class ConnectionThread extends Thread {
  /** The socket of the connection. */
  readonly connection: StreamSocket;
  /** The place among the connections of the server. Only the server uses it. */
  readonly serverNode: ListNode<ConnectionThread> = new ListNode<
    ConnectionThread
  >(this);
  /** What an instrumentation is told when the connection has been served. */
  activity?: Activity = undefined;
  /** The error that has left the handler and was not an ordinary end. */
  failure?: unknown = undefined;
  /** Whether its time is up: when the handler has ended, what is not written yet is lost. */
  #isCut = false;
  /** Whether the handler has ended, and the connection is being closed. */
  #isClosing = false;
  /** What it is counted under among the addresses; `undefined` until its proxy has told its client's. */
  addressKey: string | undefined;
  readonly #server: ConnectionOwner;
  readonly #names: ConnectionNames;
  readonly #autoclose: boolean;

  constructor(
    scheduler: Scheduler,
    server: ConnectionOwner,
    names: ConnectionNames,
    socket: StreamSocket,
    autoclose: boolean,
    addressKey: string | undefined,
  ) {
    super(scheduler, undefined, socket);
    this.connection = socket;
    this.addressKey = addressKey;
    this.#server = server;
    this.#names = names;
    this.#autoclose = autoclose;
  }

  /** The client's address as it is known by now; `""` where there is none. */
  get clientAddress(): string {
    try {
      const [host, , family] = this.connection.getpeername();
      return family === "unix" ? "" : host;
    } catch {
      // Its handshake has failed, and the socket knows no peer any more.
      return "";
    }
  }

  protected override defaultName(): string {
    return this.#names.handler;
  }

  /** Whether the handler has ended, and what it has sent is being written. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Cancels the handler, and closes the connection as soon as that has ended, whatever is not written by then. */
  cut(): void {
    this.#isCut = true;
    this.cancel();
    if (this.#isClosing) endpointOf(this.connection).abandon();
  }

  override fail(error: unknown): void {
    this.#server.failed(this, error);
    super.fail(error);
  }

  /** The handler has ended. The thread ends when the connection is closed. */
  protected override end(): void {
    if (!this.#autoclose) return this.#served();
    this.#isClosing = true;
    const endpoint = endpointOf(this.connection);
    if (this.#isCut) endpoint.abandon();
    // What the peer does not read in time is reported, unless the handler has closed the socket and heard of it.
    endpoint.finish(true).then(() => this.#served());
  }

  #served(): void {
    super.end();
    this.#server.served(this);
  }
}
