/**
 * The reading half of a stream: at most one read under way, and a buffer for
 * what it brings.
 *
 * @module
 */

import { afterPoll } from "./poll.ts";
import { ReadBuffer } from "./read_buffer.ts";
import type { Meter, WaitingRead } from "./meter.ts";
import type { Ready, Selector } from "./selector.ts";
import { Source } from "./source.ts";
import type { ByteStream } from "./stream.ts";

/** The writing half of the same stream. */
export interface WritingHalf {
  /** Whether a write is under way. */
  readonly isWriting: boolean;
  /** Why a write has failed. */
  readonly failure: unknown;
}

/** Bytes of memory that a read may always have. */
const SMALL = 512;

/**
 * Reads when the owner wants to read.
 *
 * Deno cannot take a read back. When the reader has given up, its read stays
 * under way, and what it brings is in the buffer for the next reader.
 */
export class ReadSource extends Source<number | null> implements WaitingRead {
  /** What has come and has not been taken. */
  readonly buffer: ReadBuffer = new ReadBuffer();
  /** Whether the stream has ended. What came before is still in the buffer. */
  ended = false;
  /** How many bytes have come so far. */
  received = 0;
  /** What writes to the same stream, where anything does. */
  writes?: WritingHalf = undefined;
  /** Counts the memory of the buffer. */
  readonly meter?: Meter;
  /** Whether what is in the buffer is being written from there: no read may begin, because it would move it. */
  isLent = false;
  /** The read under way, while the source is busy. */
  underWay?: Promise<number | null> = undefined;
  readonly #stream: ByteStream;
  /** Whether the end of the stream was held against the write under way. */
  #isEndChecked = false;
  /** Memory that is counted already, for the read that is to begin. */
  #reserved = 0;

  /** `owner` is announced to `selector` whenever a read has ended. */
  constructor(
    selector: Selector,
    stream: ByteStream,
    owner: Ready,
    meter?: Meter,
  ) {
    super(selector, stream, owner);
    this.meter = meter;
    this.#stream = stream;
  }

  /** Whether nothing more will come than what is in the buffer. */
  override get isExhausted(): boolean {
    return this.ended || this.failure !== undefined;
  }

  override arm(): void {
    if (!this.isLent) super.arm();
  }

  protected override request(): void {
    const growth = this.meter === undefined ? 0 : this.buffer.growth;
    // What is no more than a short message needs is always there.
    if (growth <= SMALL) return this.selector.beginAtTurnEnd(this);
    const { budget } = this.meter!;
    if (budget.hasRoom(growth)) this.granted(growth);
    else budget.wait(this, growth);
  }

  /** There is room for `bytes` more, which are counted before the read begins: others ask meanwhile. */
  granted(bytes: number): void {
    this.#reserved = bytes;
    this.meter!.change(bytes);
    this.selector.beginAtTurnEnd(this);
  }

  /** Wants nothing more, and gives its memory back. */
  override close(): void {
    if (this.meter !== undefined && !this.closed) {
      this.meter.budget.leave(this);
      this.meter.change(-this.buffer.bytes.length - this.#reserved);
      this.#reserved = 0;
    }
    super.close();
    if (!this.busy) this.buffer.release();
  }

  /** Closes, and drops what has come as well. */
  drop(): void {
    this.close();
    this.buffer.drop();
  }

  protected operate(): Promise<number | null> {
    const { buffer } = this;
    const before = buffer.bytes.length;
    const space = buffer.space();
    const grown = buffer.bytes.length - before - this.#reserved;
    this.#reserved = 0;
    if (grown !== 0) this.meter?.change(grown);
    return this.underWay = this.#stream.read(space);
  }

  protected completed(count: number | null): void {
    if (this.closed) return;
    if (count === null) return this.#end();
    this.received += count;
    this.selector.bytesReceived += count;
    this.buffer.filled(count);
    this.announce();
  }

  /**
   * The system tells of a reset only once. When it has told a write, a read finds
   * an ordinary end, and what was cut would look complete.
   */
  #end(): void {
    const { writes } = this;
    if (writes?.isWriting && !this.#isEndChecked) {
      this.#isEndChecked = true;
      // The write has failed at the same time, but may be told later.
      return this.follow(
        new Promise((resolve) => afterPoll(() => resolve(null))),
      );
    }
    if (writes?.failure instanceof Deno.errors.ConnectionReset) {
      this.failure = writes.failure;
    } else {
      this.ended = true;
    }
    this.announce();
  }
}
