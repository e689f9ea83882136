/**
 * The reading half of a stream: at most one read under way, and a buffer for
 * what it brings.
 *
 * @module
 */

import { ReadBuffer } from "./read_buffer.ts";
import type { Ready, Selector } from "./selector.ts";
import { Source } from "./source.ts";
import type { ByteStream } from "./stream.ts";

/**
 * Reads when the owner wants to read.
 *
 * Deno cannot take a read back. When the reader has given up, its read stays
 * under way, and what it brings is in the buffer for the next reader.
 */
export class ReadSource extends Source<number | null> {
  /** What has come and has not been taken. */
  readonly buffer: ReadBuffer = new ReadBuffer();
  /** Whether the stream has ended. What came before is still in the buffer. */
  ended = false;
  /** How many bytes have come so far. */
  received = 0;
  /** The read under way, while the source is busy. */
  underWay?: Promise<number | null> = undefined;
  readonly #stream: ByteStream;

  /** `owner` is announced to `selector` whenever a read has ended. */
  constructor(selector: Selector, stream: ByteStream, owner: Ready) {
    super(selector, stream, owner);
    this.#stream = stream;
  }

  /** Whether nothing more will come than what is in the buffer. */
  override get isExhausted(): boolean {
    return this.ended || this.failure !== undefined;
  }

  protected override request(): void {
    this.selector.beginAtTurnEnd(this);
  }

  /** Wants nothing more, and gives its memory back. */
  override close(): void {
    super.close();
    if (!this.busy) this.buffer.release();
  }

  protected operate(): Promise<number | null> {
    return this.underWay = this.#stream.read(this.buffer.space());
  }

  protected completed(count: number | null): void {
    if (this.closed) return;
    if (count === null) {
      this.ended = true;
    } else {
      this.received += count;
      this.selector.bytesReceived += count;
      this.buffer.filled(count);
    }
    this.announce();
  }
}
