/**
 * A served connection, as the program that looks at its server sees it.
 *
 * @module
 */

import { describeWait } from "../core/wait_purpose.ts";
import { formatAddress } from "../net/address.ts";
import type { ConnectionThread } from "./connection_thread.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";

/**
 * A connection that a server serves. Its members are up to date at the
 * moment at which they are read.
 *
 * @example Close the connections that have been there for an hour
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const server = copas.addserver(
 *   copas.socket.bind("127.0.0.1", 8080),
 *   copas.handler(async (skt) => void await skt.receive()),
 * );
 * for (const connection of server.connections()) {
 *   if (connection.age > 3600) connection.abort();
 * }
 * ```
 */
export class ServerConnection {
  readonly #thread: ConnectionThread;

  /** @ignore Only a server's `connections()` calls it. */
  constructor(thread: ConnectionThread) {
    this.#thread = thread;
  }

  /** The Copas socket of the connection. */
  get socket(): StreamSocket {
    return this.#thread.connection;
  }

  /** The peer's address and port: `"192.0.2.1:50000"`, `"[2001:db8::1]:50000"`; of a Unix socket its path, mostly `""`. */
  get peer(): string {
    try {
      const [host, port, family] = this.socket.getpeername();
      return family === "unix" ? host : formatAddress(host, port);
    } catch {
      // Its handshake has failed, and the socket knows no peer any more.
      return "";
    }
  }

  /** The name of the socket: `NAME:client_1`. */
  get name(): string {
    return this.socket.name;
  }

  /** Seconds since the connection was accepted. */
  get age(): number {
    return endpointOf(this.socket).age;
  }

  /** How many bytes the handler has received. */
  get received(): number {
    return endpointOf(this.socket).counts[0];
  }

  /** How many bytes the handler has sent, those that are not written yet among them. */
  get sent(): number {
    return endpointOf(this.socket).counts[1];
  }

  /**
   * What the handler waits for: `"receive"`, `"send"`, `"sleep"`, or
   * `"operation"`, which is a connect, a handshake or a promise given to
   * `copas.wait`; on another socket than its own with that one's name:
   * `"receive on backend"`. A lock, a semaphore, a queue or a future is described
   * as its `toString()` does it. `"close"`: the handler has ended, and what it
   * has sent is being written. `undefined`: it runs, or awaits a promise that is
   * not Copas's.
   */
  get waitsfor(): string | undefined {
    const { wait, isClosing } = this.#thread;
    if (isClosing) return "close";
    return wait === undefined ? undefined : describeWait(wait, this.socket);
  }

  /**
   * Closes the connection when what was sent is written. A call of the handler
   * that waits on it gets a `ClosedError`.
   *
   * @returns a promise that resolves when it is closed
   * @throws {ClosedError} when the peer has gone, and bytes are lost
   * @throws {TimeoutError} when the peer did not read the rest within the
   * socket's `linger`
   */
  close(): Promise<void> {
    return this.socket.close();
  }

  /** Closes the connection at once; what is not written yet is lost. */
  abort(): void {
    endpointOf(this.socket).abandon();
  }

  /**
   * Describes the connection, for logs and for pages that show it.
   *
   * @returns its members as plain values
   */
  toJSON(): ServerConnectionStatus {
    const { name, peer, age, received, sent, waitsfor } = this;
    return { name, peer, age, received, sent, waitsfor };
  }
}

/** A {@linkcode ServerConnection} at one moment, as plain values. */
export type ServerConnectionStatus = Pick<
  ServerConnection,
  "name" | "peer" | "age" | "received" | "sent" | "waitsfor"
>;
