/**
 * A stream socket as one of node's duplex streams: so the libraries that carry
 * the protocols run over connections of the dispatcher.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { Buffer } from "node:buffer";
import { Duplex, type DuplexOptions } from "node:stream";
import { threadInContext } from "../core/current_thread.ts";
import { CancelledError, TooLongError } from "../errors/errors.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";

/** How a node stream says that it is done. */
export type Done = (error?: Error | null) => void;

/** How much is read at once. */
const CHUNK = 64 * 1024;

/**
 * Reads and writes wait as the thread in which the stream was made, wherever
 * the library calls from: they are counted, and they end when it is removed.
 */
export class SocketDuplex extends Duplex {
  /** The socket; a stream that is not connected yet has none. */
  protected socket?: StreamSocket;
  /** What has to be over before the socket carries bytes: its handshake. */
  protected ready?: Promise<unknown>;
  /** What ended the stream, if it was an error of the socket's. */
  failure?: Error;
  #limit = Infinity;
  #allowed = Infinity;
  #got = 0;
  #patience: number | undefined;
  #reading?: AbortController;
  /** Whether the stream wants more, and whether it is being read. */
  #isWanted = false;
  #isReading = false;
  #inThread = AsyncLocalStorage.snapshot();
  #thread = threadInContext();

  /** @param options as for a stream of node's. As a socket of node: when both sides have ended it closes by itself */
  constructor(socket?: StreamSocket, options?: DuplexOptions) {
    super({ allowHalfOpen: false, autoDestroy: true, ...options });
    this.socket = socket;
  }

  /**
   * Seconds that a read may take from now on, in place of the socket's receive
   * timeout; `Infinity` while it is not the peer's turn to speak.
   */
  setPatience(seconds: number | undefined): void {
    if (seconds === this.#patience) return;
    this.#patience = seconds;
    // A receive that ends so has lost nothing: the next one goes on.
    this.#reading?.abort();
  }

  /** The peer may send so many bytes from now on. */
  allow(bytes: number): void {
    this.#allowed = bytes;
    this.#limit = this.#got + bytes;
  }

  /** For the libraries, which have clocks of their own. Time is the dispatcher's. */
  setTimeout(): this {
    return this;
  }

  /** From now on the stream belongs to the thread that runs. */
  protected moveToThread(): void {
    this.#inThread = AsyncLocalStorage.snapshot();
    this.#thread = threadInContext();
  }

  /** Calls `call` in the stream's thread: whatever it waits for is a wait of that thread. */
  protected inThread<T>(call: () => T): T {
    // To enter a context costs more than all else that a small write does.
    return threadInContext() === this.#thread ? call() : this.#inThread(call);
  }

  /** Runs `work` as the stream's thread. An error of it ends the stream. */
  protected run(work: () => Promise<void>): void {
    this.inThread(() => {
      work().catch((error) => this.fail(error as Error));
    });
  }

  /** The socket has failed. */
  protected fail(error: Error): void {
    // Then it is our own doing.
    if (this.destroyed) return;
    this.failure ??= error;
    this.destroy(error);
  }

  override _read(): void {
    this.#isWanted = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.run(() => this.#readOn());
  }

  /** Reads until the stream has enough. One call for many reads: it stays in the thread. */
  async #readOn(): Promise<void> {
    try {
      while (this.#isWanted && !this.destroyed) {
        if (this.ready !== undefined) await this.ready;
        const data = await this.receive();
        if (data === undefined || this.destroyed) return;
        this.#count(data?.length ?? 0);
        this.#isWanted = false;
        const isMoreWanted = this.push(
          data === null || Buffer.isBuffer(data) ? data : bufferOf(data),
        );
        if (isMoreWanted) this.#isWanted = true;
      }
    } finally {
      this.#isReading = false;
    }
  }

  #count(bytes: number): void {
    this.#got += bytes;
    if (this.#got <= this.#limit) return;
    throw new TooLongError(
      `the server sends more than ${this.#allowed} bytes of replies`,
    );
  }

  /** Receives what there is; `null` at the end; nothing when reading has to begin anew. */
  protected async receive(): Promise<
    Uint8Array<ArrayBuffer> | null | undefined
  > {
    for (;;) {
      const reading = this.#reading = new AbortController();
      try {
        return await this.socket!.receivepartial(CHUNK, {
          timeout: this.#patience,
          signal: reading.signal,
        });
      } catch (error) {
        const isRestart = reading.signal.aborted &&
          error instanceof CancelledError && "cause" in error;
        if (!isRestart || this.destroyed) throw error;
      } finally {
        this.#reading = undefined;
      }
    }
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.run(async () => {
      if (this.ready !== undefined) await this.ready;
      await this.socket!.send(chunk);
      done();
    });
  }

  override _final(done: Done): void {
    // The peer is told by the close that follows.
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#reading?.abort();
    // The libraries take their listeners off as soon as they are done. An error
    // that comes later has been seen to end the whole process.
    this.on("error", () => {});
    if (this.socket !== undefined) abandon(this.socket);
    done(error);
  }
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** Closes a socket. What the peer does not take at once is dropped: the request is over, and its caller has heard how. */
export function abandon(socket: StreamSocket): void {
  if (socket.closed) return;
  const abort = () => socket.abort();
  socket.flush({ timeout: 0 }).then(abort, abort);
}
