/**
 * Copas: the dispatcher with its servers and sockets.
 *
 * @module
 */

import { checkFunction, wrongType } from "../errors/arguments.ts";
import type { Clock } from "../core/clock.ts";
import type { NetScope } from "../net/scope.ts";
import { DatagramServer } from "../server/datagram_server.ts";
import { Debug } from "./debug.ts";
import {
  type ServerHost,
  type ServerOptions,
  type SocketHandler,
  socketHandlers,
  StreamServer,
} from "../server/stream_server.ts";
import { readServerOptions } from "../server/options.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import { endpointOf } from "../socket/internals.ts";
import { loadEngine } from "../tls/secure.ts";
import {
  checkSslParams,
  type SslParams,
  type SslParamsSource,
} from "../tls/params.ts";
import {
  type DatagramLike,
  isDatagram,
  isListener,
  type Socket,
} from "../socket/kinds.ts";
import { WorkerServers } from "./worker_servers.ts";

/** How a dispatcher is made. */
export interface CopasOptions {
  /** Where its time comes from; `VirtualClock` of `@copas/copas/testing` for tests. Default: the real clock. */
  clock?: Clock;
  /** Its network scope: the addresses that it may use. Default: all that Deno grants. */
  net?: NetScope;
}

/**
 * A dispatcher: servers, sockets, threads.
 *
 * The module's default export is one. Make others with `new Copas()`; each is
 * apart from the others in every way.
 *
 * @example An echo server
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const server = copas.socket.bind("127.0.0.1", 8080);
 * copas.addserver(server, async (conn) => {
 *   for (let line; (line = await copas.receive(conn)) !== null;) {
 *     await copas.send(conn, line + "\n");
 *   }
 * });
 * await copas.loop();
 * ```
 */
export class Copas extends WorkerServers {
  /** Logs what threads and sockets do. */
  readonly debug: Debug;
  /**
   * Makes a dispatcher of its own.
   *
   * @throws {TypeError} when an entry of `net` is wrong; the message says which, and why
   */
  constructor(options: CopasOptions = {}) {
    const from = viewed.get(options);
    super(from ?? options.clock, options.net);
    this.debug = from?.debug ?? new Debug(
      this.scheduler,
      (socket) => this.wrap(socket) as Socket,
    );
  }

  /** Whether the connection of a handler is closed when the handler ends. Default: `true`. */
  get autoclose(): boolean {
    return this.shared.autoclose;
  }
  set autoclose(autoclose: boolean) {
    this.shared.autoclose = autoclose;
  }

  /**
   * Makes a narrower view of this dispatcher: the same threads, servers and
   * sockets, but what is opened through the view must be in its network scope as
   * well as in this dispatcher's.
   *
   * A socket keeps the scope of the view that made it.
   *
   * @throws {TypeError} when an entry of `net` is wrong; the message says which, and why
   *
   * @example Lend a part of the program the mail server, and nothing else
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const mail = copas.scoped({ net: ["mail.example.com:465"] });
   * await mail.socket.connect("example.com", 80); // ScopeError
   * ```
   */
  scoped(options: { net: NetScope }): Copas {
    const { net } = options ?? {};
    if (net === undefined) {
      throw wrongType("scoped()", "net", "a network scope", net);
    }
    const view = { net };
    viewed.set(view, this);
    return new Copas(view);
  }

  // --- Servers ------------------------------------------------------------------------------

  /**
   * Registers a server.
   *
   * For a listener, `handler` runs once for each connection, in a thread of its
   * own, and gets the `Deno.Conn`; use the dispatcher's functions on it, or wrap
   * the handler with `copas.handler`. When the handler ends, the connection is
   * closed (see `autoclose`). For a datagram socket, `handler` runs once, with
   * the socket; when it ends, the server is removed.
   *
   * Registering the same server again replaces its handler.
   *
   * @param timeout seconds that a connect, send or receive of an accepted socket
   * may take, or an object of options
   * @param name the server's name, from which its sockets and threads have theirs
   */
  addserver(
    server: Deno.Listener,
    handler: (conn: Deno.Conn) => unknown,
    timeout?: number | ServerOptions,
    name?: string,
  ): void;
  /** Registers a datagram server. */
  addserver(
    server: DatagramLike,
    handler: (conn: Deno.DatagramConn) => unknown,
    timeout?: number | ServerOptions,
    name?: string,
  ): void;
  addserver(
    server: Deno.Listener | DatagramLike,
    handler:
      | ((conn: Deno.Conn) => unknown)
      | ((conn: Deno.DatagramConn) => unknown),
    timeout?: number | ServerOptions,
    name?: string,
  ): void {
    checkFunction("addserver()", "the handler", handler);
    const options = readServerOptions(timeout, name);
    if (isListener(server)) {
      this.network.authorizeServer(server);
      this.#addStreamServer(
        server,
        handler as (conn: Deno.Conn) => unknown,
        options,
      );
    } else if (isDatagram(server)) {
      this.#addDatagramServer(
        server,
        handler as (conn: Deno.DatagramConn) => unknown,
        options,
      );
    } else {
      throw wrongType(
        "addserver()",
        "the server",
        "a Deno.Listener or a Deno.DatagramConn",
        server,
      );
    }
  }

  #addStreamServer(
    listener: Deno.Listener,
    handler: (conn: Deno.Conn) => unknown,
    options: ServerOptions,
  ): void {
    let server = this.shared.servers.get(listener) as StreamServer | undefined;
    server?.checkOpen("addserver()");
    if (options.timeout !== undefined) {
      this.settimeout(listener, options.timeout);
    }
    if (options.name !== undefined) this.setsocketname(options.name, listener);
    if (server === undefined) {
      const { scheduler, network, shared } = this;
      const host: ServerHost = {
        scheduler,
        isAutoclosing: () => this.autoclose,
        name: () => this.getsocketname(listener),
        timeouts: () => shared.timeoutsOf(listener),
        adopt: (conn, options, name) =>
          new StreamSocket(scheduler, network, conn, options, name),
        register: (conn, socket) => shared.remember(conn, socket),
      };
      server = new StreamServer(host, listener);
      shared.servers.set(listener, server);
    }
    server.serve(handler, options);
  }

  #addDatagramServer(
    server: DatagramLike,
    handler: (conn: Deno.DatagramConn) => unknown,
    options: ServerOptions,
  ): void {
    if ("addr" in server) this.network.authorizeServer(server);
    const socket = this.wrap(server);
    if (options.timeout !== undefined) socket.settimeout(options.timeout);
    if (options.name !== undefined) socket.name = options.name;
    this.shared.servers.get(socket)?.remove(true);
    const registered = new DatagramServer(this.scheduler, socket);
    this.shared.servers.set(socket, registered);
    registered.serve(() => handler(server as Deno.DatagramConn));
  }

  /**
   * Unregisters a server and closes it. Connections that are being served go on.
   *
   * @param keepopen leaves it open: the system keeps connections waiting until
   * it is registered again. Default: `false`
   */
  removeserver(server: Deno.Listener | DatagramLike, keepopen = false): void {
    if (!isListener(server) && !isDatagram(server)) {
      throw wrongType(
        "removeserver()",
        "the server",
        "a Deno.Listener or a Deno.DatagramConn",
        server,
      );
    }
    const closable = isListener(server) ? server : this.wrap(server);
    const registered = this.shared.servers.get(closable);
    if (registered !== undefined) registered.remove(keepopen);
    else if (!keepopen) closeQuietly(closable);
  }

  /**
   * Makes a handler of `fn` that gets a Copas socket in place of Deno's connection.
   *
   * @param sslparams secures the connection first: `fn` gets the socket after
   * the TLS handshake. When that fails, or takes longer than the socket's connect
   * timeout (10 seconds where there is none), the connection is closed and `fn`
   * is not called. A function is called for each handshake: so a certificate can
   * be renewed while the server runs
   *
   * @example A TLS echo server
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const sslparams = {
   *   cert: Deno.readTextFileSync("cert.pem"),
   *   key: Deno.readTextFileSync("key.pem"),
   * };
   * const echo = copas.handler(async (skt) => {
   *   for await (const line of skt) await skt.send(line + "\n");
   * }, sslparams);
   * copas.addserver(copas.socket.bind("127.0.0.1", 8443), echo);
   * await copas.loop();
   * ```
   */
  handler<S extends Socket = StreamSocket, A extends unknown[] = []>(
    fn: (skt: S, ...args: A) => unknown,
    sslparams?: SslParams | SslParamsSource,
  ): (
    conn: S extends StreamSocket ? Deno.Conn : Deno.DatagramConn,
    ...args: A
  ) => unknown {
    checkFunction("handler()", "fn", fn);
    if (sslparams !== undefined) {
      checkSslParams("handler()", sslparams, "server");
      // If it can't be loaded, the handshakes say so.
      loadEngine().catch(() => {});
      return async (conn, ...args) => {
        const socket = this.wrap(conn as Deno.Conn, { sslparams });
        await endpointOf(socket).secure(undefined, "server");
        await fn(socket as Socket as S, ...args);
      };
    }
    const handler = (conn: unknown, ...args: A) =>
      fn(this.wrap(conn as Deno.Conn) as Socket as S, ...args);
    socketHandlers.set(handler, fn as unknown as SocketHandler);
    return handler;
  }

  /**
   * Removes all threads but the current one, closes the servers and the sockets
   * that threads wait on, and calls `exit()`. What was sent and is not written
   * yet is not waited for.
   */
  cancelall(): void {
    this.scheduler.cancelAll();
  }
}

/** Of the options that a view is made with: what it is a view of. */
const viewed = new WeakMap<object, Copas>();

function closeQuietly(closable: { close(): unknown }): void {
  try {
    closable.close();
  } catch {
    // It is closed already.
  }
}
