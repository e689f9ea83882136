/**
 * A registered server: accepts, and runs a thread for each connection.
 *
 * @module
 */

import { show } from "../errors/arguments.ts";
import type { Scheduler, Service } from "../core/scheduler.ts";
import { DeadlineEntry } from "../collections/deadline_heap.ts";
import { Thread } from "../core/thread.ts";
import { ClosedError } from "../errors/errors.ts";
import { isGone } from "../errors/platform.ts";
import { ListenerSource } from "../readiness/listener_source.ts";
import type { Ready } from "../readiness/selector.ts";
import type { Limits } from "../socket/limits.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { Timeouts } from "../socket/timeouts.ts";
import { isTls } from "../tls/secure.ts";

/** How a server serves. */
export interface ServerOptions extends Limits {
  /** Seconds that a connect, send or receive of an accepted socket may take. Default: no limit. */
  timeout?: number;
  /** The server's name. Its connections are `NAME:client_1`, their threads `NAME:handler_1`, and so on. */
  name?: string;
  /** How many connections are served at once; more wait in the system's backlog. Default: no limit. */
  maxConnections?: number;
}

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
  /** Sees to it that whoever wraps the connection gets that socket. */
  register(conn: Deno.Conn, socket: StreamSocket): void;
}

/** What handles the socket of a connection. */
export type SocketHandler = (socket: StreamSocket) => unknown;

/**
 * The handlers that `copas.handler` has made, and what they do with the socket.
 * A server calls that itself: nobody else gets Deno's connection, and it need
 * not be looked up.
 */
export const socketHandlers: WeakMap<object, SocketHandler> = new WeakMap();

/** The first pause after a failed accept, and the longest, in seconds. */
const FIRST_PAUSE = 0.01;
const LONGEST_PAUSE = 1;

/** A server for connections: TCP, TLS or Unix. */
export class StreamServer implements Ready, Service {
  readonly #host: ServerHost;
  readonly #listener: Deno.Listener;
  readonly #source: ListenerSource<Deno.Conn>;
  readonly #pause: AcceptPause;
  #handler: (conn: Deno.Conn) => unknown = () => {};
  #socketHandler?: SocketHandler;
  #options: ServerOptions = {};
  #socketOptions?: StreamSocketOptions & { accepted: true };
  #nextPause = FIRST_PAUSE;
  #count = 0;
  #serving = 0;
  #removed = true;
  #closed = false;

  constructor(host: ServerHost, listener: Deno.Listener) {
    this.#host = host;
    this.#listener = listener;
    this.#source = new ListenerSource(
      host.scheduler.selector,
      listener,
      this,
      () => this.#vacant,
    );
    this.#pause = new AcceptPause(this);
  }

  /** Begins to serve with `handler`, or goes on with another one. */
  serve(
    handler: (conn: Deno.Conn) => unknown,
    options: ServerOptions,
  ): void {
    this.#handler = handler;
    this.#socketHandler = socketHandlers.get(handler);
    this.#options = options;
    this.#socketOptions = undefined;
    this.#removed = false;
    this.#host.scheduler.services.add(this);
    this.resume();
  }

  /** How many connections are being served. */
  get serving(): number {
    return this.#serving;
  }

  /** Refuses a server that was closed: its listener accepts no more. */
  checkOpen(call: string): void {
    if (!this.#closed) return;
    const name = this.#host.name();
    throw new ClosedError(`${call}: the listener is closed: ${name}`);
  }

  /** How many more connections may be served now. */
  get #vacant(): number {
    if (this.#removed || !this.#host.scheduler.driver.accepting) return 0;
    return (this.#options.maxConnections ?? Infinity) - this.#serving;
  }

  get #mayServe(): boolean {
    return this.#vacant > 0;
  }

  /** Goes on accepting, unless the server has all the connections that it may have. */
  resume(): void {
    if (this.#source.accepted > 0) this.#host.scheduler.selector.ready(this);
    if (this.#mayServe) this.#source.arm();
  }

  /** Connections came, or accepting failed. */
  dispatch(): void {
    if (this.#closed) return this.#closeAccepted();
    while (this.#mayServe) {
      const conn = this.#source.take();
      if (conn === undefined) break;
      this.#serve(conn);
    }
    if (this.#source.failure !== undefined) this.#failed(this.#source.failure);
    else if (this.#mayServe) this.#source.arm();
  }

  #serve(conn: Deno.Conn): void {
    this.#nextPause = FIRST_PAUSE;
    const { scheduler } = this.#host;
    const names = new ConnectionNames(this.#host.name(), ++this.#count);
    const socket = this.#host.adopt(conn, this.#optionsOfSockets(), names);
    const autoclose = this.#host.isAutoclosing();
    this.#serving++;
    const handler = this.#socketHandler ?? this.#onConnection(conn, socket);
    new ConnectionThread(scheduler, this, names, socket, autoclose)
      .run(isTls(conn) ? afterHandshake(handler) : handler, socket);
  }

  /** The handler that gets Deno's connection. */
  #onConnection(conn: Deno.Conn, socket: StreamSocket): SocketHandler {
    const handler = this.#handler;
    this.#host.register(conn, socket);
    return () => handler(conn);
  }

  /** One object for all connections, as long as nobody changes the listener's timeouts. */
  #optionsOfSockets(): StreamSocketOptions {
    const timeouts = this.#host.timeouts();
    if (this.#socketOptions?.timeouts !== timeouts) {
      const { maxline, maxbody } = this.#options;
      this.#socketOptions = { timeouts, maxline, maxbody, accepted: true };
    }
    return this.#socketOptions;
  }

  /** A connection has been served. */
  served(): void {
    this.#serving--;
    this.resume();
  }

  /** The accept loop survives everything but the end of its listener. */
  #failed(error: unknown): void {
    this.#source.failure = undefined;
    if (error instanceof Deno.errors.BadResource) return this.remove();
    if (isGone(error)) return this.#source.arm(); // only that one connection
    const { scheduler } = this.#host;
    if (this.#nextPause === FIRST_PAUSE) {
      const why = error instanceof Error ? error.message : show(error);
      scheduler.report(
        new Error(
          `${this.#host.name()}: cannot accept: ${why}; trying again until it works`,
          {
            cause: error,
          },
        ),
        scheduler.main,
        this.#listener,
      );
    }
    // No descriptor is left, most likely: others have to close first.
    scheduler.setDeadline(this.#pause, scheduler.clock.now() + this.#nextPause);
    this.#nextPause = Math.min(this.#nextPause * 2, LONGEST_PAUSE);
  }

  /**
   * Accepts no more. Connections that are being served go on.
   *
   * Deno can't take an accept back: with `keepopen`, a connection that it still
   * brings is kept until the server is registered again.
   */
  remove(keepopen = false): void {
    const { scheduler } = this.#host;
    this.#removed = true;
    scheduler.clearDeadline(this.#pause);
    scheduler.services.delete(this);
    scheduler.selector.wake();
    if (keepopen) return;
    this.#closed = true;
    this.#source.close();
    this.#closeAccepted();
    try {
      this.#listener.close();
    } catch {
      // Somebody closed the listener behind our back.
    }
  }

  #closeAccepted(): void {
    for (let conn; (conn = this.#source.take()) !== undefined;) conn.close();
  }
}

/** `Deno.listenTls` hands a connection over before its handshake. */
function afterHandshake(handler: SocketHandler): SocketHandler {
  return async (socket) => {
    await socket.dohandshake();
    await handler(socket);
  };
}

/** The names of a connection's socket and thread, made only when somebody wants to know. */
class ConnectionNames {
  readonly #server: string;
  readonly #number: number;

  constructor(server: string, number: number) {
    this.#server = server;
    this.#number = number;
  }

  get handler(): string {
    return `${this.#server}:handler_${this.#number}`;
  }

  toString(): string {
    return `${this.#server}:client_${this.#number}`;
  }
}

/** The thread of a connection: closes it when the handler has come to its end. */
class ConnectionThread extends Thread {
  readonly #server: StreamServer;
  readonly #names: ConnectionNames;
  readonly #socket: StreamSocket;
  readonly #autoclose: boolean;

  constructor(
    scheduler: Scheduler,
    server: StreamServer,
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

  /** The connection has been served when it is closed. */
  override end(): void {
    if (!this.#autoclose) return this.#over();
    const over = () => this.#over();
    // That the peer did not read to the end is the peer's affair.
    this.#socket.close().then(over, over);
  }

  #over(): void {
    super.end();
    this.#server.served();
  }
}

/** The end of a pause after a failed accept. */
class AcceptPause extends DeadlineEntry {
  readonly #server: StreamServer;

  constructor(server: StreamServer) {
    super();
    this.#server = server;
  }

  due(): void {
    this.#server.resume();
  }
}
