/**
 * The part of the Copas API that is about sockets: the dispatcher's own
 * functions, which take Deno's connections as well as Copas's sockets.
 *
 * @module
 */

import { checkString } from "../errors/arguments.ts";
import type { Clock } from "../core/clock.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { NetAccess } from "../net/access.ts";
import { NetPolicy } from "../net/policy.ts";
import { Network } from "../net/network.ts";
import type { NetScope } from "../net/scope.ts";
import type { Datagram, DatagramSocket } from "../socket/datagram_socket.ts";
import { SocketRegistry } from "./registry.ts";
import { SocketFactory } from "../socket/factory.ts";
import type { Pattern, Size } from "../socket/pattern.ts";
import {
  readSocketOptions,
  type StreamSocketOptions,
} from "../socket/socket_options.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import {
  type DatagramLike,
  isDatagram,
  isListener,
  type Socket,
  type SocketLike,
  type StreamLike,
} from "../socket/kinds.ts";
import {
  changedTimeouts,
  sameTimeouts,
  type Timeouts,
} from "../socket/timeouts.ts";
import { endpointOf } from "../socket/internals.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import { Tools } from "./tools.ts";
import { SocketLookup } from "./socket_lookup.ts";

/** The functions on sockets, as {@linkcode Copas} has them. */
export abstract class Sockets extends Tools {
  /** LuaSocket's makers: `bind`, `tcp`, `udp`, `connect`. */
  readonly socket: SocketFactory;
  /** @internal */
  protected readonly shared: SocketRegistry;
  /** @internal */
  protected readonly network: Network;
  readonly #wrapping: SocketLookup;

  /** Made by its subclasses. `clock` may be the dispatcher of which this is a view; `net` is the network scope. */
  constructor(clock?: Clock | Sockets, net?: NetScope) {
    super(clock);
    const from = clock instanceof Sockets ? clock : undefined;
    const call = from === undefined ? "new Copas()" : "scoped()";
    this.shared = from?.shared ?? new SocketRegistry();
    this.network = new Network(new NetPolicy(call, net, from?.network.policy));
    this.socket = new SocketFactory(this.scheduler, this.network);
    this.#wrapping = new SocketLookup(
      this.scheduler,
      this.network,
      this.shared,
    );
  }

  /**
   * What Copas has opened for this dispatcher, or this view of one: the shortest
   * grant that would have been enough. As text it is Deno's flags.
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.socket.bind("127.0.0.1", 8080).close();
   * console.log(String(copas.netaccess())); // --allow-net=127.0.0.1:8080
   * ```
   */
  netaccess(): NetAccess {
    return this.network.policy.access;
  }

  // --- Sockets ----------------------------------------------------------------------------------

  /**
   * Makes a connection of Deno's a Copas socket, and gives the same one whenever
   * it is asked again.
   *
   * @param sslparams how TLS secures it: for a socket that is not connected yet
   * (`copas.socket.tcp()`) by `connect`, for another one by `dohandshake`. `{}`
   * is a client's TLS with all defaults
   *
   * @example A TLS client
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const skt = copas.wrap(copas.socket.tcp(), { alpnProtocols: ["http/1.1"] });
   * await skt.connect("example.com", 443);
   * console.log(skt.getalpn());
   * ```
   */
  wrap(
    conn: StreamLike,
    sslparams?: SslParams | SslParamsSource,
  ): StreamSocket;
  /** The same with options of the socket; `sslparams` is one of them. What has been wrapped before keeps its other options. */
  wrap(conn: StreamLike, options?: StreamSocketOptions): StreamSocket;
  /** Makes a datagram socket of Deno's a Copas socket. */
  wrap(conn: DatagramLike, options?: StreamSocketOptions): DatagramSocket;
  /** Makes a socket of Deno's, whatever kind it is, a Copas socket. */
  wrap(conn: StreamLike | DatagramLike, options?: StreamSocketOptions): Socket;
  wrap(
    conn: StreamLike | DatagramLike,
    given?: SslParams | SslParamsSource | StreamSocketOptions,
  ): Socket {
    const options = readSocketOptions("wrap()", given);
    const known = this.shared.known(conn);
    if (options?.sslparams !== undefined) {
      if (isDatagram(known ?? conn)) {
        throw new TypeError("wrap(): a datagram socket has no TLS");
      }
      if (known instanceof StreamSocket) {
        endpointOf(known).equip("wrap()", options.sslparams);
      }
    }
    return this.#wrapping.socket("wrap()", conn, options);
  }

  /** `skt.receive(size)` for a connection of either kind of name; see there. */
  receive(
    skt: StreamLike,
    size: Size,
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
    size?: Size,
    options?: WaitOptions,
  ): Promise<Uint8Array<ArrayBuffer>>;
  receive(
    skt: StreamLike | DatagramLike,
    pattern?: Pattern,
    options?: WaitOptions,
  ): Promise<string | Uint8Array<ArrayBuffer> | null> {
    const socket = this.#wrapping.socket("receive()", skt);
    return socket instanceof StreamSocket
      ? socket.receive(pattern, options)
      : socket.receive(pattern as Size, options);
  }

  /** `skt.receivepartial(size)`; see there. */
  receivepartial(
    skt: StreamLike,
    size: Size,
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
    const socket = this.#wrapping.stream("receivepartial()", skt);
    return socket.receivepartial(pattern, options);
  }

  /** `skt.receivefrom(size)`; see there. */
  receivefrom(
    skt: DatagramLike,
    size?: Size,
    options?: WaitOptions,
  ): Promise<Datagram> {
    return this.#wrapping.datagrams("receivefrom()", skt).receivefrom(
      size,
      options,
    );
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
    return this.#wrapping.socket("send()", skt).send(data, options);
  }

  /** `skt.sendto(data, ip, port)`; see there. */
  sendto(
    skt: DatagramLike,
    data: string | Uint8Array,
    ip: string,
    port: number,
  ): Promise<number> {
    const socket = this.#wrapping.datagrams("sendto()", skt);
    return this.#within(() => socket.sendto(data, ip, port), ip, port);
  }

  /** `skt.connect(host, port)`; see there. */
  connect(
    skt: StreamSocket,
    host: string,
    port: number,
    options?: WaitOptions,
  ): Promise<StreamSocket> {
    const socket = this.#wrapping.stream("connect()", skt);
    const connect = () => socket.connect(host, port, options);
    return this.#within(connect, host, port);
  }

  /** A socket has the scope of the view that made it; this one's holds as well. */
  #within<T>(call: () => Promise<T>, host: string, port: number): Promise<T> {
    try {
      this.network.checkPeer(host, port);
    } catch (error) {
      return Promise.reject(error);
    }
    return call();
  }

  /** `skt.dohandshake(sslparams)`; see there. */
  dohandshake(
    skt: StreamLike,
    sslparams?: SslParams | SslParamsSource,
    options?: WaitOptions,
  ): Promise<StreamSocket> {
    return this.#wrapping.stream("dohandshake()", skt).dohandshake(
      sslparams,
      options,
    );
  }

  /** `skt.flush()`; see there. */
  flush(skt: StreamLike, options?: WaitOptions): Promise<void> {
    return this.#wrapping.stream("flush()", skt).flush(options);
  }

  /** `skt.close()`; see there. A listener is closed and unregistered. */
  close(skt: SocketLike): Promise<void> {
    if (!isListener(skt)) return this.#wrapping.socket("close()", skt).close();
    this.removeserver(skt);
    return Promise.resolve();
  }

  /** Unregisters a server and closes it, unless `keepopen`. */
  abstract removeserver(
    server: Deno.Listener | DatagramLike,
    keepopen?: boolean,
  ): void;

  /** `skt.settimeout(seconds)`; see there. For a listener: what accepted sockets start with. */
  settimeout(skt: SocketLike, seconds?: number): void {
    this.#changeTimeouts("settimeout()", skt, () => sameTimeouts(seconds));
  }

  /** `skt.settimeouts(connect, send, receive)`; see there. For a listener: what accepted sockets start with. */
  settimeouts(
    skt: SocketLike,
    connect?: number,
    send?: number,
    receive?: number,
  ): void {
    const change = (timeouts: Timeouts) =>
      changedTimeouts(timeouts, connect, send, receive);
    this.#changeTimeouts("settimeouts()", skt, change);
  }

  #changeTimeouts(
    call: string,
    skt: SocketLike,
    change: (timeouts: Timeouts) => Timeouts,
  ): void {
    if (isListener(skt)) {
      this.shared.setTimeouts(skt, change(this.shared.timeoutsOf(skt)));
    } else {
      const socket = this.#wrapping.socket(call, skt);
      socket.timeouts = change(socket.timeouts);
    }
  }

  /** Names a socket or a listener. */
  setsocketname(name: string, skt: SocketLike): void {
    checkString("setsocketname()", "the name", name);
    if (isListener(skt)) this.shared.listenerNames.set(skt, name);
    else this.#wrapping.socket("setsocketname()", skt).name = name;
  }

  /** The name of a socket or a listener. Without one of its own, it tells the address. */
  getsocketname(skt: SocketLike): string {
    if (isListener(skt)) return this.shared.nameOf(skt);
    return this.#wrapping.socket("getsocketname()", skt).name;
  }
}
