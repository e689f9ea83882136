/**
 * The connection of an HTTP request, for node's client.
 *
 * @module
 */

import { ClosedError, TooLongError } from "../errors/errors.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import { type Done, SocketDuplex } from "../requests/socket_duplex.ts";

/**
 * How many bytes may come without one of the body among them: the parser skips
 * extensions of chunks, and zeros before a chunk's size, without end.
 */
const MAX_FRAMING = 256 * 1024;

/**
 * A server may answer and close before it has read all of a body ("413 Content
 * Too Large"). So a write that finds the connection closed is no failure yet:
 * what can be read tells.
 */
export class HttpDuplex extends SocketDuplex {
  /** Whether the server takes nothing more. */
  deaf = false;
  /** Tells how much has come of what may be longer: answers and their body. */
  progress: () => number = () => 0;
  /** How many bytes have come. */
  got = 0;
  #reached = 0;
  #framing = 0;

  override push(chunk: Uint8Array | null, encoding?: BufferEncoding): boolean {
    if (chunk === null) return super.push(chunk, encoding);
    this.got += chunk.length;
    const more = super.push(chunk, encoding);
    const reached = this.progress();
    this.#framing = reached === this.#reached
      ? this.#framing + chunk.length
      : 0;
    this.#reached = reached;
    if (this.#framing > MAX_FRAMING) {
      this.fail(
        new TooLongError(
          `more than ${MAX_FRAMING} bytes came without a byte of the body among them`,
        ),
      );
    }
    return more;
  }

  /** Gives the socket away if it is fit for another request. The stream is over. */
  release(): StreamSocket | undefined {
    const { socket } = this;
    const isFit = !this.destroyed && !this.readableEnded && !this.deaf &&
      this.failure === undefined && this.readableLength === 0;
    if (!isFit) return undefined;
    this.socket = undefined;
    this.destroy();
    return socket;
  }

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
