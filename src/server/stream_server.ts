/**
 * A registered server: takes the connections that its accept loop brings, runs
 * a thread for each, and keeps to its limits.
 *
 * @module
 */

import { LinkedList } from "../collections/linked_list.ts";
import { type MemoryBudget, newServerBudget } from "../core/memory_budget.ts";
import type { Service } from "../core/scheduler.ts";
import { acceptedOptions } from "./accepted_options.ts";
import { AcceptLoop, type ConnectionTaker } from "./accept_loop.ts";
import { Admission, type RefusedBy } from "./admission.ts";
import { type ConnectionOwner, ConnectionThread } from "./connection_thread.ts";
import type { ServerCounters } from "./counters.ts";
import {
  Drain,
  type Drainable,
  type Drained,
  type DrainOptions,
  readGrace,
} from "./drain.ts";
import {
  checkHasAddresses,
  checkServerLimits,
  LIMIT_KEYS,
  type ServerLimits,
  type ServerOptions,
} from "./options.ts";
import { ProxyGate } from "./proxy_gate.ts";
import { Refusals, spokenText } from "./refusals.ts";
import { liveLimits, Server, type ServerInternals } from "./server.ts";
import { ConnectionNames } from "./connection_names.ts";
import { ServerConnection } from "./server_connection.ts";
import { acceptError, closedError, endError, report } from "./server_error.ts";
import type { ServerHost } from "./server_host.ts";
import { type MeteredServer, ServerMeter } from "./server_meter.ts";
import {
  afterHandshake,
  callRaw,
  securesFirst,
  type SocketHandler,
  socketHandlerOf,
} from "./socket_handler.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamEndpointOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import { WATCH_KEYS } from "../socket/watch_limits.ts";
import {
  AcceptedHandshake,
  type HandshakeCounter,
} from "../tls/accepted_handshake.ts";
import { isTls } from "../tls/secure.ts";

/** A server for connections: TCP, TLS or Unix. */
export class StreamServer
  implements
    Service,
    ConnectionTaker,
    ConnectionOwner,
    Drainable,
    HandshakeCounter,
    MeteredServer,
    ServerInternals {
  /** What the program has of it. */
  readonly handle: Server = new Server(this);
  /** The limits, to be read and set one by one. */
  readonly liveLimits: ServerLimits = liveLimits<ServerLimits>(
    LIMIT_KEYS,
    () => this.#options,
    (limits) => this.changeLimits("limits", limits),
  );
  /** The threads of the connections that are being served. */
  readonly threads: LinkedList<ConnectionThread> = new LinkedList();
  readonly #meter: ServerMeter;
  readonly #host: ServerHost;
  readonly #listener: Deno.Listener;
  readonly #accepts: AcceptLoop;
  #handler: (conn: Deno.Conn) => unknown = () => {};
  #socketHandler?: SocketHandler;
  #options: ServerOptions = {};
  #socketOptions?: StreamEndpointOptions;
  readonly #admission = new Admission();
  readonly #refusals: Refusals;
  readonly #memory: MemoryBudget;
  /** Reads PROXY headers before handlers begin, where the server has proxies in front of it. */
  #gate?: ProxyGate = undefined;
  #count = 0;
  #serving = 0;
  /** How many handshakes were given up whose connections Deno keeps. */
  #stalled = 0;
  #removed = true;
  #paused = false;
  #drain?: Drain = undefined;

  constructor(host: ServerHost, listener: Deno.Listener) {
    this.#host = host;
    this.#listener = listener;
    this.#accepts = new AcceptLoop(host.scheduler, listener, this);
    this.#refusals = new Refusals(host);
    this.#meter = new ServerMeter(host.scheduler, this);
    this.#memory = newServerBudget(host.scheduler);
  }

  /** Begins to serve with `handler`, or goes on with another one. */
  serve(handler: (conn: Deno.Conn) => unknown, options: ServerOptions): void {
    checkHasAddresses("addserver()", this.addr, options);
    this.#hold(options);
    this.#handler = handler;
    this.#socketHandler = socketHandlerOf(handler);
    this.#gate = ProxyGate.of(options, this.#listener, this.#meter);
    if (this.#removed) this.#paused = false;
    this.#removed = false;
    this.#meter.begin();
    this.#host.scheduler.serve(this);
    this.resume();
  }

  /** The server's name. */
  get name(): string {
    return this.#host.name();
  }

  /** Where the server listens. */
  get addr(): Deno.Addr {
    return this.#listener.addr;
  }

  /** How many connections are being served. */
  get serving(): number {
    return this.#serving;
  }

  /** Whether the listener is closed. */
  get closed(): boolean {
    return this.#accepts.closed;
  }

  /** Whether it does not accept for now. */
  get paused(): boolean {
    return this.#paused;
  }

  /** How many bytes its connections keep waiting in memory. */
  get buffered(): number {
    return this.#memory.used;
  }

  /** How many accepts have failed. */
  get acceptFailures(): number {
    return this.#accepts.failures;
  }

  /** What it has counted so far. */
  copyCounters(): ServerCounters {
    return this.#meter.copy();
  }

  /** The connections that are being served. */
  connections(): ServerConnection[] {
    return [...this.threads].map((thread) => new ServerConnection(thread));
  }

  /** Takes other limits; those that `limits` does not name stay. */
  changeLimits(call: string, limits: ServerLimits): void {
    checkServerLimits(call, limits);
    checkHasAddresses(call, this.addr, { ...this.#options, ...limits });
    this.#hold({ ...this.#options, ...limits });
    if (WATCH_KEYS.some((key) => key in limits)) {
      const { idletimeout, lifetime, mininput } = this.#options;
      for (const { connection } of [...this.threads]) {
        endpointOf(connection).limit({ idletimeout, lifetime, mininput });
      }
    }
    this.resume();
  }

  /** Holds the server to limits from now on. */
  #hold(options: ServerOptions): void {
    this.#options = options;
    this.#socketOptions = undefined;
    this.#memory.max = options.maxbuffered ?? Infinity;
    this.#admission.hold(options, this.threads);
  }

  /** Accepts no more for now. */
  pause(): void {
    this.#paused = true;
  }

  /** Accepts again. */
  unpause(): void {
    this.#paused = false;
    this.resume();
  }

  /** Refuses a server that was closed: its listener accepts no more. */
  checkOpen(call: string): void {
    if (this.closed) throw closedError(call, this.name);
  }

  /** Goes on accepting, unless the server has all the connections that it may have. */
  resume(): void {
    this.#accepts.resume();
  }

  /**
   * Accepts no more. Connections that are being served go on. With `keepopen` the
   * listener stays open, and a connection that an accept under way still brings is
   * kept until the server is registered again.
   */
  remove(keepopen = false): void {
    const { services, selector } = this.#host.scheduler;
    this.#removed = true;
    services.delete(this);
    this.#meter.remove();
    selector.wake();
    if (keepopen) this.#accepts.stop();
    else this.#accepts.close();
  }

  /** Accepts no more, and waits for the connections to end. */
  async drain(call: string, options?: DrainOptions): Promise<Drained> {
    const grace = readGrace(call, options);
    this.remove();
    const ended = () => void (this.#drain = undefined);
    this.#drain ??= new Drain(this.#host.scheduler, this, grace, ended);
    return await this.#drain.wait(grace);
  }

  /** How many more connections may be served now. */
  get vacant(): number {
    if (this.#removed || this.#paused) return 0;
    if (!this.#host.scheduler.driver.accepting) return 0;
    const { overflow = "wait", maxConnections = Infinity } = this.#options;
    return overflow === "wait" ? maxConnections - this.#taken : Infinity;
  }

  /** How many of `maxConnections` are taken. */
  get #taken(): number {
    return this.#serving + this.#stalled;
  }

  /** Starts the thread of an accepted connection. */
  take(conn: Deno.Conn): void {
    const { scheduler } = this.#host;
    this.#meter.counters.accepted++;
    // Behind a proxy all clients have its address. It tells theirs in time.
    const gate = this.#gate;
    const admitted = gate?.believes(conn)
      ? this.#admission.full(this.#taken)
      : this.#admission.admit(conn, this.#taken, scheduler.clock.now());
    if (typeof admitted === "object") {
      const text = this.#refused(admitted.by, isTls(conn));
      return this.#refusals.refuse(conn, text);
    }
    const names = new ConnectionNames(this.#host.name(), ++this.#count);
    const socket = this.#host.adopt(conn, this.#optionsOfSockets(), names);
    this.#serving++;
    const serve = this.#socketHandler ?? this.#handlerOf(conn, socket);
    let handler = gate?.before(serve, () => this.#admits(thread)) ?? serve;
    if (isTls(conn)) {
      new AcceptedHandshake(conn, scheduler.selector, this);
      handler = afterHandshake(handler);
    }
    const thread = new ConnectionThread(
      scheduler,
      this,
      names,
      socket,
      this.#host.isAutoclosing(),
      admitted,
    );
    this.threads.append(thread.serverNode);
    this.#meter.run(thread, conn, () => thread.run(handler, socket));
  }

  /** Whether the client of a connection is served that a proxy has passed on. One that is not is dismissed. */
  #admits(thread: ConnectionThread): boolean {
    const { clock } = this.#host.scheduler;
    const by = this.#admission.admitClient(thread, clock.now());
    if (by === undefined) return true;
    this.#refusals.refuseClient(thread.connection, this.#refused(by));
    return false;
  }

  /** Counts a connection that is not served. Returns what its client is told. */
  #refused(by: RefusedBy, isTls = false): string | Uint8Array | undefined {
    this.#meter.refused(by);
    if (isTls || securesFirst(this.#handler)) return undefined;
    return spokenText(by, this.#options.overflow);
  }

  /** Calls the handler that gets Deno's connection. */
  #handlerOf(conn: Deno.Conn, socket: StreamSocket): SocketHandler {
    const handler = this.#handler;
    this.#host.register(conn, socket);
    return () => callRaw(handler, conn);
  }

  /** One object for all connections, until the listener's timeouts are changed. */
  #optionsOfSockets(): StreamEndpointOptions {
    const timeouts = this.#host.timeouts();
    if (this.#socketOptions?.timeouts !== timeouts) {
      const options = acceptedOptions(this.#options, this.#meter);
      this.#socketOptions = { ...options, timeouts, memory: this.#memory };
    }
    return this.#socketOptions;
  }

  /** Reports that no connection can be accepted now. */
  acceptFailed(error: unknown): void {
    report(this.#host, this.#listener, acceptError(this.name, error));
  }

  /** The server ends with its listener. The program may not know: it is told. */
  listenerClosed(): void {
    this.remove();
    report(this.#host, this.#listener, endError(this.name));
  }

  /** An error has left a handler. */
  failed(thread: ConnectionThread, error: unknown): void {
    // What the gate has refused is counted, and is no error of the handler.
    if (this.#gate?.hasRefused(error)) thread.failure = error;
    else this.#meter.failed(thread, error);
  }

  /** A connection has been served. */
  served(thread: ConnectionThread): void {
    this.threads.remove(thread.serverNode);
    this.#admission.leave(thread.addressKey);
    this.#serving--;
    this.#meter.served(thread);
    this.#drain?.check();
    this.resume();
  }

  /** A handshake of `Deno.listenTls` was given up: its connection counts until it is gone. */
  stalled(): void {
    this.#stalled++;
  }

  /** The connection of such a handshake is gone. */
  released(): void {
    this.#stalled--;
    this.resume();
  }
}
