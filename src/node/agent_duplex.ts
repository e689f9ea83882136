/**
 * A connection of an agent: it goes from the thread of one request to that of
 * the next one.
 *
 * @module
 */

import type { Done } from "../requests/socket_duplex.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import { NetDuplex } from "./net_duplex.ts";

/**
 * Between two requests it rests: it reads nothing and belongs to no thread. The
 * first write of a request, which the request's thread does, makes it that
 * thread's.
 */
export class AgentDuplex extends NetDuplex {
  readonly #socket: StreamSocket;
  /** Ends the reads for a request. */
  #turn = new AbortController();
  #isResting = false;

  constructor(socket: StreamSocket) {
    super(socket, {});
    this.#socket = socket;
    // The first of its listeners: before the agent gives it to another request.
    this.on("free", () => this.#rest());
  }

  /** Whether nothing but the end, or what was not asked for, can come. */
  get isStale(): boolean {
    const receiver = endpointOf(this.#socket).connection?.receiver;
    return receiver?.isQuiet !== true;
  }

  #rest(): void {
    this.#isResting = true;
    this.#turn.abort();
  }

  #wake(): void {
    this.#isResting = false;
    this.#turn = new AbortController();
    this.moveToThread();
    this._read();
  }

  protected override async receive(): Promise<
    Uint8Array<ArrayBuffer> | null | undefined
  > {
    const { signal } = this.#turn;
    if (signal.aborted) return undefined;
    try {
      return await this.receiveChunk({ signal });
    } catch (error) {
      // It has lost nothing.
      if (!signal.aborted || this.destroyed) throw error;
      // The next request may have begun before this was heard.
      if (!this.#isResting) setImmediate(() => this._read());
      return undefined;
    }
  }

  override _write(
    chunk: string | Uint8Array,
    encoding: BufferEncoding,
    done: Done,
  ): void {
    if (this.#isResting) this.#wake();
    super._write(chunk, encoding, done);
  }

  override _writev(
    chunks: { chunk: string | Uint8Array; encoding: BufferEncoding }[],
    done: Done,
  ): void {
    if (this.#isResting) this.#wake();
    super._writev(chunks, done);
  }
}
