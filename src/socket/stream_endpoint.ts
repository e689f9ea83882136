/**
 * One end of a stream: its connection from connecting to closing, its name,
 * timeouts and options.
 *
 * @module
 */

import { checkString } from "../errors/arguments.ts";
import { checkWaitOptions } from "../errors/wait_options.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { ClosedError } from "../errors/errors.ts";
import {
  type Endpoint,
  endpoint,
  formatAddress,
  socketName,
} from "../net/address.ts";
import { checkHostPort } from "../net/address_error.ts";
import type { Network } from "../net/network.ts";
import { Connection, type SocketOption } from "./connection.ts";
import { closeOpened, ConnectionSetup } from "./connection_setup.ts";
import type { StreamSocketOptions } from "./socket_options.ts";
import {
  changedTimeouts,
  NO_TIMEOUTS,
  sameTimeouts,
  type Timeouts,
} from "./timeouts.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { TlsSession } from "../tls/session.ts";

/** What a {@linkcode StreamSocket} has besides TLS, receiving and sending. */
export abstract class StreamEndpoint implements AsyncDisposable, Disposable {
  /** The socket's three timeouts. Set them with `settimeout` and `settimeouts`. */
  timeouts: Timeouts;
  /** @internal */
  protected readonly scheduler: Scheduler;
  /** @internal */
  protected connection?: Connection;
  /**
   * The connect or handshake under way.
   *
   * @internal
   */
  protected opening?: ConnectionSetup;
  /**
   * What the socket was connected to.
   *
   * @internal
   */
  protected host?: string;
  /**
   * Whether a server accepted the connection.
   *
   * @internal
   */
  protected get accepted(): boolean {
    return this.#options.accepted === true;
  }
  readonly #network: Network;
  readonly #options: StreamSocketOptions & { accepted?: boolean };
  readonly #created: number;
  /** Truly private, as there is a key in it. */
  #sslparams?: SslParams | SslParamsSource;
  #name?: string | { toString(): string };
  /** What the socket is connected to, or is being connected to, as its user wrote it. */
  #target?: string;
  #closing?: Promise<void>;

  /** For Copas itself: use `copas.wrap` or `copas.socket.tcp`. */
  constructor(
    scheduler: Scheduler,
    network: Network,
    conn?: Deno.Conn,
    options: StreamSocketOptions & { accepted?: boolean } = {},
    name: string | { toString(): string } | undefined = options.name,
  ) {
    this.scheduler = scheduler;
    this.#network = network;
    this.#options = options;
    this.#sslparams = options.sslparams;
    this.#name = name;
    this.timeouts = options.timeouts ?? NO_TIMEOUTS;
    this.#created = scheduler.clock.now();
    if (conn !== undefined) this.attach(conn);
  }

  /**
   * Takes a connection over; `before` is what it was before an upgrade.
   *
   * @internal
   */
  protected attach(opened: Deno.Conn | TlsSession, before?: Connection): void {
    const session = "stream" in opened ? opened : undefined;
    const conn = session?.conn ?? opened as Deno.Conn;
    const connection = new Connection(
      this.scheduler,
      conn,
      this,
      this.#options,
      session,
    );
    if (before !== undefined) connection.goOnCounting(before);
    this.connection = connection;
  }

  /**
   * How the connection is to be secured.
   *
   * @internal
   */
  protected givenSslParams(): SslParams | SslParamsSource | undefined {
    return this.#sslparams;
  }

  /**
   * Keeps what a handshake is, or was, done with.
   *
   * @internal
   */
  protected keepSslParams(sslparams?: SslParams | SslParamsSource): void {
    this.#sslparams = sslparams;
  }

  static {
    // Deno would show the dispatcher with all its sockets.
    Object.defineProperty(this.prototype, Symbol.for("Deno.customInspect"), {
      value(this: StreamEndpoint): string {
        return `${this.constructor.name} { name: ${
          JSON.stringify(this.name)
        }, closed: ${this.closed} }`;
      },
    });
  }

  /** The socket's name, for errors, `status()` and the log. */
  get name(): string {
    if (this.#name === undefined) {
      if (this.#target !== undefined) return `tcp{client}: ${this.#target}`;
      const { conn } = this.connection ?? {};
      return conn === undefined
        ? "tcp{master}"
        : socketName("client", conn.remoteAddr);
    }
    return this.#name = String(this.#name);
  }
  set name(name: string) {
    checkString("a socket's name", "it", name);
    this.#name = name;
  }

  /** Whether this side has closed the socket. */
  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * The connection, for a call that needs one.
   *
   * @internal
   */
  protected connected(call: string): Connection {
    if (this.connection === undefined) {
      const why = this.closed
        ? "the socket is closed"
        : "the socket is not connected";
      throw new ClosedError(`${call}: ${why}: ${this.name}`);
    }
    return this.connection;
  }

  #open(call: string): Connection {
    const connection = this.connected(call);
    if (!this.closed) return connection;
    throw new ClosedError(`${call}: the socket is closed: ${this.name}`);
  }

  // --- Opening and closing --------------------------------------------------------

  /**
   * Connects to `host` and `port`. For a socket with `sslparams` the TLS
   * handshake is part of it.
   *
   * @returns the socket itself, connected
   * @throws {TimeoutError} when the connect timeout passed
   * @throws {HandshakeError} when the handshake failed, or the connect timeout passed in it
   * @throws {Deno.errors.ConnectionRefused} and Deno's other network errors
   */
  async connect(
    host: string,
    port: number,
    options?: WaitOptions,
  ): Promise<this> {
    checkHostPort("connect()", host, port);
    checkWaitOptions("connect()", options);
    const address = formatAddress(host, port);
    const failed = `Cannot connect to ${address}`;
    if (this.closed) throw new ClosedError(`${failed}: the socket is closed`);
    if (this.connection !== undefined || this.opening !== undefined) {
      const state = this.connection ? "connected" : "being connected";
      throw new TypeError(
        `${failed}: the socket is ${state} already: ${this.name}`,
      );
    }
    const opening = new ConnectionSetup(this.scheduler, this, options);
    this.opening = opening;
    this.#target = address;
    try {
      const opened = await opening.connect(
        this.#network,
        host,
        port,
        this.#sslparams,
      );
      if (this.closed) {
        closeOpened(opened);
        throw new ClosedError(`${failed}: the socket was closed`);
      }
      this.host = host;
      this.attach(opened);
      return this;
    } finally {
      this.opening = undefined;
      if (this.connection === undefined) this.#target = undefined;
    }
  }

  /**
   * Closes the socket. What was sent is written first; whoever waits on the
   * socket gets a `ClosedError`. Closing twice is the same as closing once.
   *
   * It need not be awaited. The promise tells when the socket is closed.
   *
   * While the peer still sends, the system resets the connection, and the peer
   * may lose what it has not read. To part in peace, `shutdown("send")` and
   * receive until the peer's end.
   *
   * @throws {ClosedError} when bytes that were sent could not be written
   * @throws {TimeoutError} when the peer did not read them within the send timeout
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#closing = promise;
    // Nobody has to await a close.
    promise.catch(() => {});
    this.opening?.close();
    (this.connection?.close() ?? Promise.resolve()).then(resolve, reject);
    return promise;
  }

  /**
   * Closes the socket at once; what was not written yet is lost.
   *
   * @internal
   */
  abandon(): void {
    this.connection?.abandon("the socket is closed");
    this.close();
  }

  /**
   * Closes one direction, or both.
   *
   * After `"send"` the peer finds the end of the stream, and receiving goes on.
   * After `"receive"` nothing more is received; sending goes on. `"both"` is
   * the default, as in LuaSocket; the socket still has to be closed.
   */
  async shutdown(
    direction: "send" | "receive" | "both" = "both",
  ): Promise<void> {
    await this.#open("shutdown()").shutdown(direction);
  }

  /** Closes the socket at the end of an `await using` block. Errors are for those who call `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  // --- Timeouts and options ----------------------------------------------------------

  /**
   * Sets the time that a connect, send or receive may take, in seconds. Nothing
   * or a negative number: no limit, as in the beginning. 0: a call takes what is
   * there, and does not wait.
   */
  settimeout(seconds?: number): void {
    this.timeouts = sameTimeouts(seconds);
  }

  /** Sets the three timeouts apart, in seconds. `undefined` leaves one as it is; a negative number: no limit. */
  settimeouts(connect?: number, send?: number, receive?: number): void {
    this.timeouts = changedTimeouts(this.timeouts, connect, send, receive);
  }

  /**
   * Sets an option of the socket.
   *
   * @param name `"tcp-nodelay"` (on from the start) or `"keepalive"`
   */
  setoption(name: SocketOption, value: boolean): void {
    this.#open("setoption()").setOption(name, value, this);
  }

  // --- About the connection ---------------------------------------------------------------

  /** The other side's `[ip, port, family]`; for a Unix socket its path, 0 and `"unix"`. */
  getpeername(): Endpoint {
    return endpoint(this.connected("getpeername()").conn.remoteAddr);
  }

  /** This side's `[ip, port, family]`; for a Unix socket its path, 0 and `"unix"`. */
  getsockname(): Endpoint {
    return endpoint(this.connected("getsockname()").conn.localAddr);
  }

  /**
   * `[received, sent, age]`: the bytes that `receive` has given and that `send`
   * has taken, and the seconds since the socket was made.
   */
  getstats(): [received: number, sent: number, age: number] {
    const { receiver, sent } = this.connection ?? {};
    const age = this.scheduler.clock.now() - this.#created;
    return [receiver?.delivered ?? 0, sent ?? 0, age];
  }

  /** The socket's name. */
  toString(): string {
    return this.name;
  }
}
