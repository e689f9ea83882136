/**
 * A listener on a descriptor that this process was started with.
 *
 * @module
 */

import { createServer, type Server, type Socket } from "node:net";
import { addrOf, NodeConnection } from "./connection.ts";

/**
 * A listening socket that systemd has handed over, for `copas.addserver`.
 *
 * Closing it closes this process's descriptor. The socket itself stays with
 * systemd, and connections that come then wait for the next process.
 */
export class SystemdListener implements Deno.Listener {
  /** Where it listens. Of a Unix socket the path is not known: `""`. */
  readonly addr: Deno.Addr;
  /** Its name, as `FileDescriptorName=` of the socket unit has it. */
  readonly name: string;
  /** @ignore no permission of Deno's was needed: `netaccess()` does not list it */
  readonly isHandedOver = true;
  readonly #server: Server;
  /** What node has accepted and the server has not taken yet. */
  readonly #accepted: Socket[] = [];
  #pending?: PromiseWithResolvers<Deno.Conn> = undefined;
  #failure: unknown = undefined;
  /** Called with each connection that comes after the close. */
  #take?: (conn: Deno.Conn) => void = undefined;

  /** @ignore `listeners()` makes them */
  private constructor(server: Server, name: string) {
    this.#server = server;
    this.name = name;
    const address = server.address();
    this.addr = typeof address === "object" && address !== null
      ? addrOf(address.address, address.port)
      : addrOf();
    server.on("connection", (socket: Socket) => {
      // An error that comes before a thread has the connection has no other listener.
      socket.on("error", () => {});
      // Asked for now, the peer's address stays known. A peer that has reset its
      // connection has none: without it, it would pass for one of a Unix socket.
      const isGone = this.addr.transport === "tcp" &&
        socket.remoteAddress === undefined;
      if (isGone) socket.destroy();
      else if (this.#take !== undefined) this.#take(new NodeConnection(socket));
      else if (this.#isClosed) socket.destroy();
      else {
        this.#accepted.push(socket);
        this.#serve();
      }
    });
    server.on("error", (error: Error) => {
      this.#failure = error;
      this.#serve();
    });
  }

  /**
   * Listens on a descriptor.
   *
   * @ignore `listeners()` calls it
   */
  static open(descriptor: number, name: string): Promise<SystemdListener> {
    const options = { allowHalfOpen: true, pauseOnConnect: true };
    const server = createServer(options);
    return new Promise((resolve, reject) => {
      server.once("error", (cause: Error) => {
        const message =
          `listeners(): cannot listen on descriptor ${descriptor} (${name}): ${cause.message}; it must be a listening stream socket: ListenStream= with Accept=no`;
        reject(new Error(message, { cause }));
      });
      server.listen({ fd: descriptor }, () => {
        server.removeAllListeners("error");
        resolve(new SystemdListener(server, name));
      });
    });
  }

  #serve(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const socket = this.#accepted.shift();
    if (socket === undefined && this.#failure === undefined) return;
    this.#pending = undefined;
    if (socket === undefined) pending.reject(this.#failure);
    else pending.resolve(new NodeConnection(socket));
  }

  /**
   * Accepts a connection. Only one call at a time.
   *
   * @returns the connection
   * @throws {Deno.errors.BadResource} when the listener is closed
   * @throws {Deno.errors.Busy} when another call is under way
   */
  accept(): Promise<Deno.Conn> {
    if (this.#pending !== undefined) {
      return Promise.reject(
        new Deno.errors.Busy("another accept is under way"),
      );
    }
    this.#pending = Promise.withResolvers();
    const { promise } = this.#pending;
    this.#serve();
    return promise;
  }

  get #isClosed(): boolean {
    return this.#failure instanceof Deno.errors.BadResource;
  }

  /** Closes it. Connections that were accepted and not taken are closed. */
  close(): void {
    if (this.#isClosed) return;
    this.#failure = new Deno.errors.BadResource("the listener is closed");
    for (const socket of this.#accepted.splice(0)) socket.destroy();
    this.#server.close();
    this.#serve();
  }

  /**
   * Closes it for its server: what was accepted and not taken yet is served.
   *
   * @ignore `removeserver` calls it
   */
  closeInto(take: (conn: Deno.Conn) => void): void {
    if (this.#isClosed) return;
    this.#take = take;
    const accepted = this.#accepted.splice(0);
    this.close();
    for (const socket of accepted) take(new NodeConnection(socket));
  }

  /** Keeps the process alive while it listens. */
  ref(): void {
    this.#server.ref();
  }

  /** Does not keep the process alive. */
  unref(): void {
    this.#server.unref();
  }

  /** Closes it at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * The connections, one after the other.
   *
   * @returns an iterator without end
   */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Deno.Conn> {
    for (;;) yield await this.accept();
  }
}
