/**
 * Copas: the dispatcher with its servers and sockets.
 *
 * @module
 */

import { checkFunction, checkString, wrongType } from "./arguments.ts";
import type { Clock } from "./core/clock.ts";
import type { WaitOptions } from "./core/wait.ts";
import { Debug } from "./debug.ts";
import { Dispatcher } from "./dispatcher.ts";
import { formatAddr } from "./net/address.ts";
import { Network } from "./net/network.ts";
import { DatagramServer } from "./datagram_server.ts";
import { type ServerOptions, StreamServer } from "./server.ts";
import { type Datagram, DatagramSocket } from "./socket/datagram_socket.ts";
import { SocketMaker } from "./socket/maker.ts";
import type { Pattern } from "./socket/receiver.ts";
import {
  StreamSocket,
  type StreamSocketOptions,
} from "./socket/stream_socket.ts";
import {
  noTimeouts,
  setTimeout,
  setTimeouts,
  type Timeouts,
} from "./socket/timeouts.ts";

/** How a dispatcher is made. */
export interface CopasOptions {
  /** Where its time comes from; `VirtualClock` of `@copas/copas/testing` for tests. Default: the real clock. */
  clock?: Clock;
}

/** A socket of either kind. */
export type Socket = StreamSocket | DatagramSocket;
/** A stream, as Deno or as Copas has it. */
export type StreamLike = Deno.Conn | StreamSocket;
/** A datagram socket, as Deno or as Copas has it. */
export type DatagramLike = Deno.DatagramConn | DatagramSocket;
/** A socket or a listener of either kind. */
export type SocketLike = StreamLike | DatagramLike | Deno.Listener;

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
export class Copas extends Dispatcher {
  /** LuaSocket's makers: `bind`, `tcp`, `udp`, `connect`. */
  readonly socket: SocketMaker;
  /** Logs what threads and sockets do. */
  readonly debug: Debug;
  readonly #network = new Network();
  readonly #wrapped = new WeakMap<object, Socket>();
  readonly #servers = new WeakMap<object, StreamServer | DatagramServer>();
  readonly #listenerNames = new WeakMap<object, string>();
  readonly #listenerTimeouts = new WeakMap<object, Timeouts>();

  /** Makes a dispatcher of its own. */
  constructor(options: CopasOptions = {}) {
    super(options.clock);
    this.socket = new SocketMaker(this.scheduler, this.#network);
    this.debug = new Debug(
      this.scheduler,
      (socket) => this.wrap(socket) as Socket,
    );
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
    const options = serverOptions(timeout, name);
    if (isListener(server)) {
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
    let server = this.#servers.get(listener) as StreamServer | undefined;
    const timeouts = this.#timeoutsOf(listener);
    if (options.timeout !== undefined) setTimeout(timeouts, options.timeout);
    if (options.name !== undefined) this.setsocketname(options.name, listener);
    if (server === undefined) {
      const host = {
        scheduler: this.scheduler,
        isAutoclosing: () => this.autoclose,
        adopt: (conn: Deno.Conn, socket: StreamSocketOptions) =>
          this.#adopt(conn, socket),
      };
      server = new StreamServer(host, listener, timeouts);
      this.#servers.set(listener, server);
    }
    server.serve(handler, this.getsocketname(listener), options);
  }

  #addDatagramServer(
    server: DatagramLike,
    handler: (conn: Deno.DatagramConn) => unknown,
    options: ServerOptions,
  ): void {
    const socket = this.wrap(server);
    if (options.timeout !== undefined) socket.settimeout(options.timeout);
    if (options.name !== undefined) socket.name = options.name;
    this.#servers.get(socket)?.remove(true);
    const registered = new DatagramServer(this.scheduler, socket);
    this.#servers.set(socket, registered);
    registered.serve(() => handler(server as Deno.DatagramConn));
  }

  #adopt(conn: Deno.Conn, options: StreamSocketOptions): StreamSocket {
    const socket = new StreamSocket(
      this.scheduler,
      this.#network,
      conn,
      options,
    );
    this.#wrapped.set(conn, socket);
    return socket;
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
    const registered = this.#servers.get(
      isListener(server) ? server : this.wrap(server),
    );
    if (registered !== undefined) registered.remove(keepopen);
    else if (!keepopen) closeQuietly(server);
  }

  /** Makes a handler of `fn` that gets a Copas socket in place of Deno's connection. */
  handler<S extends Socket = StreamSocket, A extends unknown[] = []>(
    fn: (skt: S, ...args: A) => unknown,
  ): (
    conn: S extends StreamSocket ? Deno.Conn : Deno.DatagramConn,
    ...args: A
  ) => unknown {
    checkFunction("handler()", "fn", fn);
    return (conn, ...args) =>
      fn(this.wrap(conn as Deno.Conn) as Socket as S, ...args);
  }

  /**
   * Removes all threads but the current one, closes the servers and the sockets
   * that threads wait on, and calls `exit()`.
   */
  cancelall(): void {
    const { scheduler } = this;
    const { current } = scheduler;
    for (const server of [...scheduler.services]) server.remove();
    for (const task of [...scheduler.tasks, scheduler.main]) {
      for (let wait = task.wait; wait !== undefined;) {
        const { older, socket } = wait;
        if (
          socket instanceof StreamSocket || socket instanceof DatagramSocket
        ) socket.close();
        wait = older;
      }
      if (task !== current && task !== scheduler.main) task.cancel();
    }
    this.exit();
  }

  // --- Sockets ----------------------------------------------------------------------------------

  /** Makes a connection of Deno's a Copas socket, and gives the same one whenever it is asked again. */
  wrap(conn: StreamLike, options?: StreamSocketOptions): StreamSocket;
  /** Makes a datagram socket of Deno's a Copas socket. */
  wrap(conn: DatagramLike, options?: StreamSocketOptions): DatagramSocket;
  /** Makes a socket of Deno's, whatever kind it is, a Copas socket. */
  wrap(conn: StreamLike | DatagramLike, options?: StreamSocketOptions): Socket;
  wrap(conn: StreamLike | DatagramLike, options?: StreamSocketOptions): Socket {
    if (conn instanceof StreamSocket || conn instanceof DatagramSocket) {
      return conn;
    }
    const known = typeof conn === "object" && conn !== null
      ? this.#wrapped.get(conn)
      : undefined;
    if (known !== undefined) return known;
    let socket: Socket;
    if (isStream(conn)) {
      socket = new StreamSocket(this.scheduler, this.#network, conn, options);
    } else if (isDatagram(conn)) {
      socket = new DatagramSocket(
        this.scheduler,
        this.#network,
        conn as Deno.DatagramConn,
      );
    } else {
      throw wrongType(
        "wrap()",
        "the connection",
        "a Deno.Conn or a Deno.DatagramConn",
        conn,
      );
    }
    this.#wrapped.set(conn, socket);
    return socket;
  }

  /** `skt.receive(count)` for a connection of either kind of name; see there. */
  receive(
    skt: StreamLike,
    count: number,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /** `skt.receive("*a")`; see there. */
  receive(
    skt: StreamLike,
    pattern: "*a",
    options?: WaitOptions,
  ): Promise<string>;
  /** `skt.receive()`: a line; see there. */
  receive(
    skt: StreamLike,
    pattern?: "*l",
    options?: WaitOptions,
  ): Promise<string | null>;
  /** `skt.receive(size)` of a datagram socket; see there. */
  receive(
    skt: DatagramLike,
    size?: number,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>>;
  receive(
    skt: StreamLike | DatagramLike,
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const socket = this.wrap(skt);
    return socket instanceof StreamSocket
      ? socket.receive(pattern, options)
      : socket.receive(pattern as number, options);
  }

  /** `skt.receivepartial(count)`; see there. */
  receivepartial(
    skt: StreamLike,
    count: number,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /** `skt.receivepartial(pattern)`; see there. */
  receivepartial(
    skt: StreamLike,
    pattern?: "*l" | "*a",
    options?: WaitOptions,
  ): Promise<string | null>;
  receivepartial(
    skt: StreamLike,
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    return this.wrap(skt).receivepartial(pattern, options);
  }

  /** `skt.receivefrom(size)`; see there. */
  receivefrom(
    skt: DatagramLike,
    size?: number,
    options?: WaitOptions,
  ): Promise<Datagram> {
    return this.wrap(skt).receivefrom(size, options);
  }

  /** `skt.send(data)`; see there. */
  send(
    skt: StreamLike,
    data: string | Uint8Array,
    options?: WaitOptions,
  ): Promise<number>;
  /** `skt.send(data)` of a datagram socket; see there. */
  send(skt: DatagramLike, data: string | Uint8Array): Promise<number>;
  send(
    skt: StreamLike | DatagramLike,
    data: string | Uint8Array,
    options?: WaitOptions,
  ): Promise<number> {
    return this.wrap(skt).send(data, options);
  }

  /** `skt.sendto(data, ip, port)`; see there. */
  sendto(
    skt: DatagramLike,
    data: string | Uint8Array,
    ip: string,
    port: number,
  ): Promise<number> {
    return this.wrap(skt).sendto(data, ip, port);
  }

  /** `skt.connect(host, port)`; see there. */
  connect(
    skt: StreamSocket,
    host: string,
    port: number,
    options?: WaitOptions,
  ): Promise<StreamSocket> {
    return this.wrap(skt).connect(host, port, options);
  }

  /** `skt.flush()`; see there. */
  flush(skt: StreamLike, options?: WaitOptions): Promise<void> {
    return this.wrap(skt).flush(options);
  }

  /** Closes a socket; see there. A listener is closed and unregistered. */
  close(skt: SocketLike): Promise<void> {
    if (
      !isListener(skt) &&
      !(isDatagram(skt) && this.#servers.has(this.wrap(skt)))
    ) {
      return this.wrap(skt as StreamLike | DatagramLike).close();
    }
    this.removeserver(skt as Deno.Listener | DatagramLike);
    return Promise.resolve();
  }

  /** `skt.settimeout(seconds)`; see there. For a listener: what accepted sockets start with. */
  settimeout(skt: SocketLike, seconds?: number): void {
    setTimeout(this.#timeoutsOf(skt), seconds);
  }

  /** `skt.settimeouts(connect, send, receive)`; see there. For a listener: what accepted sockets start with. */
  settimeouts(
    skt: SocketLike,
    connect?: number,
    send?: number,
    receive?: number,
  ): void {
    setTimeouts(this.#timeoutsOf(skt), connect, send, receive);
  }

  #timeoutsOf(skt: SocketLike): Timeouts {
    if (!isListener(skt)) return this.wrap(skt).timeouts;
    let timeouts = this.#listenerTimeouts.get(skt);
    if (timeouts === undefined) {
      this.#listenerTimeouts.set(skt, timeouts = noTimeouts());
    }
    return timeouts;
  }

  /** Names a socket or a listener. */
  setsocketname(name: string, skt: SocketLike): void {
    checkString("setsocketname()", "the name", name);
    if (isListener(skt)) this.#listenerNames.set(skt, name);
    else this.wrap(skt).name = name;
  }

  /** The name of a socket or a listener. Without one of its own, it tells the address. */
  getsocketname(skt: SocketLike): string {
    if (!isListener(skt)) return this.wrap(skt).name;
    return this.#listenerNames.get(skt) ??
      `tcp{server}: ${formatAddr(skt.addr)}`;
  }
}

function serverOptions(
  timeout?: number | ServerOptions,
  name?: string,
): ServerOptions {
  const options = typeof timeout === "object" ? { ...timeout } : { timeout };
  if (name !== undefined) options.name = name;
  if (options.timeout !== undefined && typeof options.timeout !== "number") {
    throw wrongType(
      "addserver()",
      "the timeout",
      "a number of seconds",
      options.timeout,
    );
  }
  if (options.name !== undefined) {
    checkString("addserver()", "the name", options.name);
  }
  return options;
}

function isListener(value: unknown): value is Deno.Listener {
  return has(value, "accept") && has(value, "addr");
}

function isStream(value: unknown): value is Deno.Conn {
  return has(value, "read") && has(value, "write") && has(value, "remoteAddr");
}

function isDatagram(value: unknown): value is DatagramLike {
  return value instanceof DatagramSocket ||
    (has(value, "receive") && has(value, "addr"));
}

function has(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && key in value;
}

function closeQuietly(closable: { close(): unknown }): void {
  try {
    closable.close();
  } catch {
    // It is closed already.
  }
}
