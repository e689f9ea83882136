/**
 * The writing half of a stream: collects small writes, and has at most one
 * write under way.
 *
 * @module
 */

import type { Meter } from "./meter.ts";
import type { Ready, Selector } from "./selector.ts";
import type { ByteStream } from "./stream.ts";

/** The sizes of buffers: most turns send little; the largest is the most that waits for the write under way. */
const SIZES = [1024, 8 * 1024, 64 * 1024];
const LARGEST = 64 * 1024;
/**
 * Spare buffers of each size, so that an idle connection holds none. All the
 * connections that the system reports at once may write in the same turn: there
 * are small ones for each of them.
 */
const spare: Uint8Array<ArrayBuffer>[][] = SIZES.map(() => []);
const MOST_SPARE = [1024, 128, 64];

const encoder = new TextEncoder();

/**
 * Takes bytes up to a limit and writes them in order.
 *
 * Writing needs no driver: once begun, it goes on until all is with the
 * kernel. Only a thread that waits for room is told through the selector.
 */
export class WriteSink {
  /** How many bytes have been taken so far. */
  taken = 0;
  /** How many of them the kernel has got. */
  written = 0;
  /** How many of them never will be: the write failed that they were for. */
  lost = 0;
  /** Why writing failed. Nothing is taken any more then. */
  failure: unknown = undefined;
  /** Whether the owner is announced when the next write ends. */
  notify = false;
  readonly #selector: Selector;
  readonly #stream: ByteStream;
  readonly #owner: Ready;
  /** Counts the memory of the buffers that are not small. */
  readonly #meter?: Meter;
  /** What has been taken and is not being written yet. */
  #filling?: Uint8Array<ArrayBuffer> = undefined;
  #fill = 0;
  /** What is being written, and how far it has got. */
  #flying?: Uint8Array<ArrayBuffer> = undefined;
  #from = 0;
  #to = 0;
  /** Where what is being written is the caller's memory: tells the caller that it is free again. */
  #onfree?: () => void = undefined;

  /** `owner` is announced to `selector` when a write ends and `notify` is set. */
  constructor(
    selector: Selector,
    stream: ByteStream,
    owner: Ready,
    meter?: Meter,
  ) {
    this.#meter = meter;
    this.#selector = selector;
    this.#stream = stream;
    this.#owner = owner;
  }

  /** Whether nothing is left to write. */
  get isEmpty(): boolean {
    return this.taken === this.written + this.lost;
  }

  /** Whether a write is under way. */
  get isWriting(): boolean {
    return this.#flying !== undefined;
  }

  /** How many bytes are left to write. */
  get pending(): number {
    return this.taken - this.written - this.lost;
  }

  /** How many bytes it takes at once now. */
  get room(): number {
    const most = this.#mayGrow ? LARGEST : this.#filling?.length ?? SIZES[0];
    return most - this.#fill;
  }

  /** Whether there is memory for a larger buffer. Without, it takes little at once, but always something. */
  get #mayGrow(): boolean {
    return this.#meter === undefined || this.#meter.budget.hasRoom(LARGEST);
  }

  #takeBuffer(needed: number): Uint8Array<ArrayBuffer> {
    const buffer = takeBuffer(
      needed > SIZES[0] && !this.#mayGrow ? SIZES[0] : needed,
    );
    if (buffer.length > SIZES[0]) this.#meter?.change(buffer.length);
    return buffer;
  }

  #giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
    if (buffer.length > SIZES[0]) this.#meter?.change(-buffer.length);
    giveBuffer(buffer);
  }

  /** Takes `text` as UTF-8 if all of it fits; returns its length in bytes, or -1. */
  putText(text: string): number {
    const { length } = text;
    const room = this.#reserve(length);
    if (room < length) return -1;
    let { read, written } = this.#encode(text);
    // Most text has a byte for each character; a larger buffer is taken for what has more.
    if (read < length) {
      if (this.#reserve(length * 3) === room) return -1;
      ({ read, written } = this.#encode(text));
      if (read < length) return -1;
    }
    this.#took(written);
    return written;
  }

  #encode(text: string): TextEncoderEncodeIntoResult {
    const filling = this.#filling!;
    return encoder.encodeInto(
      text,
      this.#fill === 0 ? filling : filling.subarray(this.#fill),
    );
  }

  /**
   * Takes as much of `text` from `from` on, as UTF-8, as there is room for: so
   * that no copy of a large text has to wait beside it.
   *
   * @returns how many code units it has taken
   */
  putTextPart(text: string, from: number): number {
    if (from === text.length) return 0;
    const room = this.#reserve((text.length - from) * 3);
    const part = text.substring(from, partEnd(text, from + room));
    const { read, written } = this.#encode(part);
    this.#took(written);
    return read;
  }

  /** Takes as many of `bytes` as there is room for; returns how many. */
  put(bytes: Uint8Array): number {
    const count = Math.min(this.#reserve(bytes.length), bytes.length);
    if (count === 0) return 0;
    this.#filling!.set(
      count === bytes.length ? bytes : bytes.subarray(0, count),
      this.#fill,
    );
    this.#took(count);
    return count;
  }

  #took(count: number): void {
    if (this.isEmpty && count > 0) this.#selector.writeBegins();
    this.#fill += count;
    this.taken += count;
  }

  /** Makes room for `count` bytes if it can; returns how much room there is. */
  #reserve(count: number): number {
    const filling = this.#filling;
    const needed = this.#fill + count;
    if (filling === undefined) {
      this.#filling = this.#takeBuffer(needed);
    } else if (
      filling.length < needed && filling.length < LARGEST && this.#mayGrow
    ) {
      this.#filling = this.#takeBuffer(needed);
      this.#filling.set(filling.subarray(0, this.#fill));
      this.#giveBuffer(filling);
    }
    return this.#filling!.length - this.#fill;
  }

  /**
   * Begins to write `bytes` from where they are, without a copy: only when nothing
   * is left to write.
   *
   * @param onfree called when all of them are written, or writing has failed: the
   * memory must not change before
   * @returns whether it does
   */
  lend(bytes: Uint8Array<ArrayBuffer>, onfree: () => void): boolean {
    if (!this.isEmpty || this.failure !== undefined) return false;
    this.#selector.writeBegins();
    this.taken += bytes.length;
    this.#flying = bytes;
    this.#from = 0;
    this.#to = bytes.length;
    this.#onfree = onfree;
    this.#writeOn();
    return true;
  }

  /** Writes what has been taken, unless a write is under way: then it follows. */
  write(): void {
    if (this.#flying !== undefined || this.#fill === 0) return;
    this.#flying = this.#filling;
    this.#from = 0;
    this.#to = this.#fill;
    this.#filling = undefined;
    this.#fill = 0;
    this.#writeOn();
  }

  #writeOn(): void {
    const flying = this.#flying!;
    // What was lent is mostly written in one go: it needs no second view.
    const data = this.#from === 0 && this.#to === flying.length
      ? flying
      : flying.subarray(this.#from, this.#to);
    try {
      this.#stream.write(data).then(
        (count) => this.#wrote(count),
        (error) => this.#failed(error),
      );
    } catch (error) {
      // Deno's own never throw, but others may stand in for them.
      this.#failed(error);
    }
  }

  #wrote(count: number): void {
    if (count === 0) {
      // It would go on like this, and nothing else would ever run.
      return this.#failed(new Deno.errors.WriteZero("nothing was written"));
    }
    this.#from += count;
    this.written += count;
    this.#selector.bytesSent += count;
    if (this.#from < this.#to) return this.#writeOn();
    const onfree = this.#onfree;
    if (onfree === undefined) this.#giveBuffer(this.#flying!);
    else this.#onfree = undefined;
    this.#flying = undefined;
    onfree?.();
    this.write();
    if (this.isEmpty) this.#selector.writeEnds();
    if (this.notify) this.#announce();
  }

  #failed(error: unknown): void {
    this.failure = error;
    // What was not written never will be: no thread has to wait for it.
    this.lost = this.pending;
    const onfree = this.#onfree;
    if (onfree !== undefined) this.#flying = this.#onfree = undefined;
    for (const buffer of [this.#flying, this.#filling]) {
      if (buffer !== undefined && buffer.length > SIZES[0]) {
        this.#meter?.change(-buffer.length);
      }
    }
    this.#flying = this.#filling = undefined;
    this.#fill = 0;
    onfree?.();
    this.#selector.writeEnds();
    this.#announce();
  }

  #announce(): void {
    this.notify = false;
    this.#selector.ready(this.#owner);
  }
}

/** `end`, or the place before it where it would cut a character in two. */
function partEnd(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const isCut = text.codePointAt(end - 1)! > 0xffff;
  return isCut ? end - 1 : end;
}

function takeBuffer(needed: number): Uint8Array<ArrayBuffer> {
  const index = sizeFor(needed);
  return spare[index].pop() ?? new Uint8Array(SIZES[index]);
}

function giveBuffer(buffer: Uint8Array<ArrayBuffer>): void {
  const index = sizeFor(buffer.length);
  if (spare[index].length < MOST_SPARE[index]) spare[index].push(buffer);
}

/** The smallest size that is large enough, or the largest. */
function sizeFor(needed: number): number {
  return needed <= SIZES[0] ? 0 : needed <= SIZES[1] ? 1 : 2;
}
