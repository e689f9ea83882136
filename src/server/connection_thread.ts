/**
 * The thread of a served connection.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { Thread } from "../core/thread.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { ConnectionNames } from "./connection_names.ts";

/** The server of a connection, as the connection's thread knows it. */
export interface ConnectionOwner {
  /** A connection has been served: another one may take its place. */
  served(): void;
}

/** Runs the handler of a connection, and closes the connection when the handler has ended. */
export class ConnectionThread extends Thread {
  readonly #server: ConnectionOwner;
  readonly #names: ConnectionNames;
  readonly #socket: StreamSocket;
  readonly #autoclose: boolean;

  constructor(
    scheduler: Scheduler,
    server: ConnectionOwner,
    names: ConnectionNames,
    socket: StreamSocket,
    autoclose: boolean,
  ) {
    super(scheduler, undefined, socket);
    this.#server = server;
    this.#names = names;
    this.#socket = socket;
    this.#autoclose = autoclose;
  }

  protected override defaultName(): string {
    return this.#names.handler;
  }

  /** The handler has ended. The thread ends when the connection is closed. */
  override end(): void {
    if (!this.#autoclose) return this.#finish();
    // A lock must not wait for a peer that does not read.
    this.neglectEndHooks();
    const finish = () => this.#finish();
    // A peer that does not read to the end is no error of the handler's.
    this.#socket.close().then(finish, finish);
  }

  #finish(): void {
    super.end();
    this.#server.served();
  }
}
