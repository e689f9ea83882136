/**
 * The connection of an HTTP request, for node's client.
 *
 * @module
 */

import { ClosedError } from "../errors/errors.ts";
import { type Done, SocketDuplex } from "../requests/socket_duplex.ts";

/**
 * A server may answer and close before it has read all of a body ("413 Content
 * Too Large"). So a write that finds the connection closed is no failure yet:
 * what can be read tells.
 */
export class HttpDuplex extends SocketDuplex {
  /** Whether the server takes nothing more. */
  deaf = false;

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.run(async () => {
      try {
        if (!this.deaf) await this.socket!.send(chunk);
      } catch (error) {
        if (!(error instanceof ClosedError) || this.destroyed) throw error;
        this.deaf = true;
      }
      done();
    });
  }
}
