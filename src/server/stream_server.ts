/**
 * A registered server for connections: it takes those that its accept loop
 * brings, runs a thread for each, and keeps to its limits.
 *
 * @module
 */

import type { Scheduler, Service } from "../core/scheduler.ts";
import { show } from "../errors/arguments.ts";
import { ClosedError } from "../errors/errors.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { Timeouts } from "../socket/timeouts.ts";
import {
  AcceptedHandshake,
  type HandshakeCounter,
} from "../tls/accepted_handshake.ts";
import { isTls } from "../tls/secure.ts";
import { AcceptLoop, type ConnectionTaker } from "./accept_loop.ts";
import { ConnectionNames } from "./connection_names.ts";
import { type ConnectionOwner, ConnectionThread } from "./connection_thread.ts";
import type { ServerOptions } from "./options.ts";
import { ProxyGate } from "./proxy_gate.ts";
import {
  callRaw,
  type SocketHandler,
  socketHandlerOf,
} from "./socket_handler.ts";

/** What a server needs of the dispatcher. */
export interface ServerHost {
  readonly scheduler: Scheduler;
  /** Whether connections are closed when their handlers end. */
  isAutoclosing(): boolean;
  /** The server's name, from which its connections have theirs. */
  name(): string;
  /** What accepted sockets start with. */
  timeouts(): Timeouts;
  /** Makes the Copas socket of an accepted connection. */
  adopt(
    conn: Deno.Conn,
    options: StreamSocketOptions,
    name: { toString(): string },
  ): StreamSocket;
  /** Makes the dispatcher find `socket` when it is given the connection. */
  register(conn: Deno.Conn, socket: StreamSocket): void;
}

/** A server for connections: TCP, TLS or Unix. */
export class StreamServer
  implements Service, ConnectionTaker, ConnectionOwner, HandshakeCounter {
  readonly #host: ServerHost;
  readonly #listener: Deno.Listener;
  readonly #accepts: AcceptLoop;
  #handler: (conn: Deno.Conn) => unknown = () => {};
  #socketHandler?: SocketHandler;
  #options: ServerOptions = {};
  #socketOptions?: StreamSocketOptions & { accepted: true };
  /** Reads PROXY headers before handlers begin, where the server has proxies in front of it. */
  #gate?: ProxyGate = undefined;
  #count = 0;
  #serving = 0;
  /** How many handshakes were given up whose connections Deno keeps. */
  #stalled = 0;
  #removed = true;

  constructor(host: ServerHost, listener: Deno.Listener) {
    this.#host = host;
    this.#listener = listener;
    this.#accepts = new AcceptLoop(host.scheduler, listener, this);
  }

  /** Begins to serve with `handler`, or goes on with another one. */
  serve(
    handler: (conn: Deno.Conn) => unknown,
    options: ServerOptions,
  ): void {
    this.#handler = handler;
    this.#socketHandler = socketHandlerOf(handler);
    this.#options = options;
    this.#socketOptions = undefined;
    this.#gate = ProxyGate.of(
      options.proxyProtocol,
      this.#listener,
      () => this.refused++,
    );
    this.#removed = false;
    this.#host.scheduler.serve(this);
    this.resume();
  }

  /** The server's name. */
  get name(): string {
    return this.#host.name();
  }

  /** How many connections are being served. */
  get serving(): number {
    return this.#serving;
  }

  /** How many connections had no PROXY header, or a malformed one. */
  refused = 0;

  /** Refuses a server that was closed: its listener accepts no more. */
  checkOpen(call: string): void {
    if (!this.#accepts.closed) return;
    const name = this.#host.name();
    throw new ClosedError(`${call}: the listener is closed: ${name}`);
  }

  /** Goes on accepting, unless the server has all the connections that it may have. */
  resume(): void {
    this.#accepts.resume();
  }

  /**
   * Accepts no more. Connections that are being served go on.
   *
   * With `keepopen` the listener stays open, and a connection that an accept
   * under way still brings is kept until the server is registered again.
   */
  remove(keepopen = false): void {
    const { scheduler } = this.#host;
    this.#removed = true;
    this.#accepts.stop();
    scheduler.services.delete(this);
    scheduler.selector.wake();
    if (!keepopen) this.#accepts.close();
  }

  // --- For the accept loop ------------------------------------------------------

  /** How many more connections may be served now. */
  get vacant(): number {
    if (this.#removed || !this.#host.scheduler.driver.accepting) return 0;
    const { maxConnections = Infinity } = this.#options;
    return maxConnections - this.#serving - this.#stalled;
  }

  /** Starts the thread of an accepted connection. */
  take(conn: Deno.Conn): void {
    const { scheduler } = this.#host;
    const names = new ConnectionNames(this.#host.name(), ++this.#count);
    const socket = this.#host.adopt(conn, this.#optionsOfSockets(), names);
    const autoclose = this.#host.isAutoclosing();
    this.#serving++;
    const serve = this.#socketHandler ?? this.#handlerOf(conn, socket);
    let handler = this.#gate?.before(serve) ?? serve;
    if (isTls(conn)) {
      new AcceptedHandshake(conn, scheduler.selector, this);
      handler = afterHandshake(handler);
    }
    new ConnectionThread(scheduler, this, names, socket, autoclose)
      .run(handler, socket);
  }

  /** Calls the handler that gets Deno's connection, which the dispatcher then has to know. */
  #handlerOf(conn: Deno.Conn, socket: StreamSocket): SocketHandler {
    const handler = this.#handler;
    this.#host.register(conn, socket);
    return () => callRaw(handler, conn);
  }

  /** One object for all connections, until the listener's timeouts are changed. */
  #optionsOfSockets(): StreamSocketOptions {
    const timeouts = this.#host.timeouts();
    if (this.#socketOptions?.timeouts !== timeouts) {
      const { maxline, maxbody, linger, lingeralways } = this.#options;
      this.#socketOptions = {
        timeouts,
        maxline,
        maxbody,
        linger,
        lingeralways,
        accepted: true,
      };
    }
    return this.#socketOptions;
  }

  /** Reports that no connection can be accepted now. */
  acceptFailed(error: unknown): void {
    const { scheduler } = this.#host;
    const why = error instanceof Error ? error.message : show(error);
    scheduler.report(
      new Error(
        `${this.#host.name()}: cannot accept: ${why}; trying again until it works`,
        { cause: error },
      ),
      scheduler.main,
      this.#listener,
    );
  }

  /** The server ends with its listener. The program may not know: it is told. */
  listenerClosed(): void {
    const { scheduler } = this.#host;
    this.remove();
    scheduler.report(
      new ClosedError(
        `${this.name}: the listener was closed by other code than removeserver(): the server accepts no more`,
      ),
      scheduler.main,
      this.#listener,
    );
  }

  // --- For the threads of connections ---------------------------------------------

  /** A connection has been served. */
  served(): void {
    this.#serving--;
    this.resume();
  }

  // --- For the handshakes of Deno.listenTls ---------------------------------------

  /** A handshake was given up: its connection counts until it is gone. */
  stalled(): void {
    this.#stalled++;
  }

  /** The connection of such a handshake is gone. */
  released(): void {
    this.#stalled--;
    this.resume();
  }
}

/** `Deno.listenTls` hands a connection over before its handshake. */
function afterHandshake(handler: SocketHandler): SocketHandler {
  return async (socket) => {
    await socket.dohandshake();
    await handler(socket);
  };
}
