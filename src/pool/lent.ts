/**
 * A connection that a pool has lent.
 *
 * @module
 */

import type { StreamSocket } from "../socket/stream_socket.ts";

/**
 * A connection of a pool, until it is given back: `using lent = await pool.hold()`.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const pool = copas.pool.new({
 *   connect: (options) => copas.socket.connect("127.0.0.1", 6379, options),
 * });
 * using lent = await pool.hold();
 * await lent.socket.send("PING\r\n");
 * console.log(await lent.socket.receive());
 * lent.release();
 * ```
 */
export class Lent implements Disposable {
  /** The connection. It must not be used any more when it was given back. */
  readonly socket: StreamSocket;
  #giveBack?: (isWhole: boolean) => void;

  /** @ignore Only `hold()` of a pool calls it. */
  constructor(socket: StreamSocket, giveBack: (isWhole: boolean) => void) {
    this.socket = socket;
    this.#giveBack = giveBack;
  }

  /** Gives the connection back, to be lent again. A second call does nothing. */
  release(): void {
    this.#end(true);
  }

  /** Closes the connection, unless it was released: at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.#end(false);
  }

  #end(isWhole: boolean): void {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    giveBack?.(isWhole);
  }
}
