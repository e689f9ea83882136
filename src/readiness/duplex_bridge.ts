/**
 * A byte stream as one of node's duplex streams, for `node:tls`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { ReadBuffer } from "./read_buffer.ts";
import type { ByteStream } from "./stream.ts";

type Done = (error?: Error | null) => void;

/**
 * Reads only on demand. A stream of node's reads ahead by itself; then an
 * operation of Deno's would be under way while no caller waits for it, and bytes
 * would pile up that no caller wants.
 */
export class DuplexBridge extends Duplex {
  /** How many bytes have gone out. */
  sent = 0;
  /** Called when the stream has come to its end, before the reader is told. */
  onend: () => void = () => {};
  /**
   * Called when a read or a write has failed. It is not an error of the bridge
   * itself: what stands on top of the bridge passes none on, and after a write
   * that failed what the peer has sent can still be read.
   */
  onfailure: (error: unknown, during: "read" | "write") => void = () => {};
  readonly #stream: ByteStream;
  readonly #buffer = new ReadBuffer();
  #wanted = false;
  #demanded = true;
  #reading = false;

  /** @param first bytes that have been read from `stream` already */
  constructor(stream: ByteStream, first?: Uint8Array) {
    super({ allowHalfOpen: true, autoDestroy: false });
    this.#stream = stream;
    if (first !== undefined) this.push(Buffer.from(first));
  }

  /** Whether a caller waits for what comes. A read under way is not taken back. */
  set demanded(demanded: boolean) {
    this.#demanded = demanded;
    if (demanded) this.#readOn();
  }

  override _read(): void {
    this.#wanted = true;
    this.#readOn();
  }

  #readOn(): void {
    if (!this.#wanted || !this.#demanded || this.#reading || this.destroyed) {
      return;
    }
    this.#wanted = false;
    this.#reading = true;
    this.#stream.read(this.#buffer.space()).then(
      (count) => this.#came(count),
      (error) => {
        if (this.destroyed) return;
        this.onfailure(error, "read");
        this.destroy();
      },
    );
  }

  #came(count: number | null): void {
    this.#reading = false;
    if (this.destroyed) return;
    if (count === null) {
      // What came before reaches the reader first, an end inside TLS as well.
      setImmediate(() => this.#end());
      return;
    }
    this.#buffer.filled(count);
    // Node keeps what it gets, and the buffer is used again.
    this.push(Buffer.from(this.#buffer.view()));
    this.#buffer.start = this.#buffer.end;
  }

  #end(): void {
    if (this.destroyed) return;
    this.onend();
    this.push(null);
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#stream.write(chunk).then((count) => {
      this.sent += count;
      if (count === chunk.length) done();
      else this._write(chunk.subarray(count), _encoding, done);
    }, (error) => {
      if (!this.destroyed) this.onfailure(error, "write");
      // What was not written is dropped.
      done();
    });
  }

  /** The stream itself is its owner's to close. */
  override _destroy(error: Error | null, done: Done): void {
    done(error);
  }
}
