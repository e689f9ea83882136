/**
 * The bytes that a stream has brought and that have not been taken yet, and the room
 * for the next read.
 *
 * @module
 */

/** The room of a new connection: most wait for a short message. */
const SMALLEST = 512;
/** The largest room for one read. */
const LARGEST = 64 * 1024;
const NOTHING = new Uint8Array(0);
/** Spare memory of the smallest size: connections that come and go need none of their own. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const MOST_SPARE = 64;

/**
 * A buffer whose size follows the traffic: small while a connection is idle,
 * four times larger whenever a read fills it, smaller again when reads use
 * little of it. It grows beyond one read's room only while a reader waits for
 * more than that at once.
 */
export class ReadBuffer {
  /** The memory; the data is from `start` to `end`. */
  bytes: Uint8Array<ArrayBuffer> = NOTHING;
  /** Where the data begins. */
  start = 0;
  /** Where the data ends, and the next read begins. */
  end = 0;
  #lastRead = 0;
  #wasFilled = false;

  /** How many bytes there are. */
  get length(): number {
    return this.end - this.start;
  }

  /** The data, without copying it. It is valid until the next `space`. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(this.start, this.end);
  }

  /** The room for one read. It must be asked for only when no read is under way: the data may move. */
  space(): Uint8Array<ArrayBuffer> {
    const { length } = this;
    if (length === 0) {
      this.start = this.end = 0;
      const size = this.#fittingSize();
      if (size !== this.bytes.length) {
        this.bytes = (size === SMALLEST ? spare.pop() : undefined) ??
          new Uint8Array(size);
      }
      return this.bytes;
    }
    const size = this.bytes.length;
    if (size > LARGEST && length < size / 8) {
      // The much that was waited for has been taken, and a rest has followed it.
      this.#resize(Math.max(length * 4, LARGEST));
    } else if (this.start > 0 && length <= size / 2) {
      this.bytes.copyWithin(0, this.start, this.end);
    } else if (this.end > size * 3 / 4) {
      this.#resize(size * 2);
    } else {
      return this.bytes.subarray(this.end);
    }
    this.start = 0;
    this.end = length;
    return this.bytes.subarray(length);
  }

  /** How much more memory `space` is going to take than there is. */
  get growth(): number {
    const { length } = this;
    const size = this.bytes.length;
    if (length === 0) return Math.max(this.#fittingSize() - size, 0);
    if (this.end <= size * 3 / 4) return 0;
    const isMoved = (size > LARGEST && length < size / 8) ||
      (this.start > 0 && length <= size / 2);
    return isMoved ? 0 : size;
  }

  /** Nothing is read any more, and no read is under way: the memory is free for others, unless there is data in it. */
  release(): void {
    if (this.length > 0 || this.bytes.length !== SMALLEST) return;
    if (spare.length < MOST_SPARE) spare.push(this.bytes);
    this.bytes = NOTHING;
  }

  /** Drops the data, and the memory. */
  drop(): void {
    this.bytes = NOTHING;
    this.start = this.end = 0;
  }

  #resize(size: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.view());
    this.bytes = bytes;
  }

  #fittingSize(): number {
    const size = this.bytes.length;
    if (size === 0) return SMALLEST;
    if (size > LARGEST) return LARGEST;
    if (this.#wasFilled) return Math.min(size * 4, LARGEST);
    if (this.#lastRead < size / 8) return Math.max(size / 4, SMALLEST);
    return size;
  }

  /** A read brought `count` bytes. */
  filled(count: number): void {
    this.#wasFilled = this.end + count === this.bytes.length;
    this.#lastRead = count;
    this.end += count;
  }
}
