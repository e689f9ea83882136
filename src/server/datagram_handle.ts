/**
 * A registered datagram server, as the program that has registered it sees it.
 *
 * @module
 */

/** What stands behind a {@linkcode DatagramServerHandle}. */
export interface DatagramServerInternals {
  readonly name: string;
  readonly addr: Deno.Addr | undefined;
  readonly closed: boolean;
  remove(): void;
}

/**
 * A server for datagrams, as `copas.addserver` returns it.
 *
 * @example Needs `--unstable-net`
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const socket = copas.socket.udp();
 * socket.setsockname("127.0.0.1", 0);
 * const server = copas.addserver(socket, async (conn) => {
 *   await copas.receivefrom(conn);
 *   server.close();
 * });
 * console.log(server.name);
 * await copas.loop();
 * ```
 */
export class DatagramServerHandle {
  readonly #server: DatagramServerInternals;

  /** @ignore Only `copas.addserver` calls it. */
  constructor(server: DatagramServerInternals) {
    this.#server = server;
  }

  /** The server's name: that of its socket. */
  get name(): string {
    return this.#server.name;
  }

  /** The address to which datagrams are sent; `undefined` while the socket has none. */
  get addr(): Deno.Addr | undefined {
    return this.#server.addr;
  }

  /** Whether the socket is closed. */
  get closed(): boolean {
    return this.#server.closed;
  }

  /** Ends the server and closes its socket. */
  close(): void {
    this.#server.remove();
  }

  /**
   * Describes the server, for logs and for pages that show it.
   *
   * @returns its members as plain values
   */
  toJSON(): Pick<DatagramServerHandle, "name" | "addr"> {
    const { name, addr } = this;
    return { name, addr };
  }

  /**
   * Describes the server, for messages and logs.
   *
   * @returns its name
   */
  toString(): string {
    return this.name;
  }
}
