/**
 * Where the content of a request comes from, and where that of the answer goes.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import { TooLongError } from "../errors/errors.ts";
import { callerCode, CallerError } from "./request_error.ts";

/** What can be sent: text (as UTF-8), bytes, a form, a stream, or whatever brings chunks of them. */
export type Source =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | URLSearchParams
  | FormData
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>;

/** Where chunks go: a stream, which is closed at the end, or a function. What it returns is awaited before the next chunk. */
export type Sink =
  | WritableStream<Uint8Array>
  | ((chunk: Uint8Array<ArrayBuffer>) => unknown);

/** What a step is told besides the chunk. */
export interface Progress {
  /** Bytes of the content that have come so far, this chunk included. */
  received: number;
  /** Bytes of the content that have been sent so far, this chunk included. */
  sent: number;
  /** How many there will be in the direction of this chunk, where that is known. */
  total?: number;
}

/** Called with each chunk that goes by. What it returns is awaited. */
export type Step = (chunk: Uint8Array, progress: Progress) => unknown;

const encoder = new TextEncoder();

/** Content to be sent, chunk by chunk. */
export interface Content {
  /** How many bytes it has, where that is known. */
  readonly length?: number;
  /** Its media type, where its kind tells. */
  readonly type?: string;
  /** Whether the chunks can be had again, for a redirect. */
  readonly isLasting?: boolean;
  /** The chunks. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Reads a source. Whatever it throws is the caller's error. */
export function readSource(call: string, source: Source): Content {
  if (source instanceof ArrayBuffer) source = new Uint8Array(source);
  if (source instanceof URLSearchParams) {
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return { ...readSource(call, source.toString()), type };
  }
  if (source instanceof Blob) {
    const { size, type } = source;
    const blob = source;
    const own = type === "" ? {} : { type };
    const chunks = () => chunksOf(call, blob.stream());
    return { length: size, isLasting: true, ...own, chunks };
  }
  if (source instanceof FormData) {
    const { headers, body } = new Response(source);
    const type = headers.get("content-type")!;
    return { type, chunks: () => chunksOf(call, body!) };
  }
  if (typeof source === "string" || source instanceof Uint8Array) {
    const bytes = typeof source === "string" ? encoder.encode(source) : source;
    return {
      length: bytes.length,
      isLasting: true,
      chunks: async function* () {
        if (bytes.length > 0) yield bytes;
      },
    };
  }
  const isIterable = typeof source === "object" && source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source);
  if (!isIterable) {
    const expected = "a string, bytes, a Blob, a form, a stream or an iterable";
    throw wrongType(call, "the source", expected, source);
  }
  return { chunks: () => chunksOf(call, source) };
}

async function* chunksOf(
  call: string,
  source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) {
      const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
      if (!(bytes instanceof Uint8Array)) {
        const expected = "a string or a Uint8Array";
        throw wrongType(call, "a chunk of the source", expected, chunk);
      }
      if (bytes.length > 0) yield bytes;
    }
  } catch (error) {
    throw new CallerError(error);
  }
}

/** Takes the content of an answer. */
export interface Taker {
  /** Takes a chunk. What it returns, if anything, has to be awaited. */
  take(chunk: Uint8Array<ArrayBuffer>): Promise<void> | void;
  /** All has come. */
  end(): Promise<void> | void;
  /** It will not come. */
  abort(reason: unknown): void;
}

/** Hands everything to the caller's sink. */
export function sinkTaker(call: string, sink: Sink): Taker {
  if (typeof sink === "function") {
    return {
      take: async (chunk) => void await callerCode(() => sink(chunk)),
      end: async () => {},
      abort: () => {},
    };
  }
  if (!(sink instanceof WritableStream)) {
    const expected = "a WritableStream or a function";
    throw wrongType(call, "the sink", expected, sink);
  }
  const writer = sink.getWriter();
  writer.closed.catch(() => {});
  return {
    take: (chunk) =>
      callerCode(async () => {
        await writer.ready;
        await writer.write(chunk);
      }),
    end: () => callerCode(() => writer.close()),
    abort: (reason) => {
      writer.abort(reason).catch(() => {});
    },
  };
}

/** The smallest piece of memory that a {@linkcode Collector} takes. */
const PIECE = 64 * 1024;

/**
 * Keeps everything in memory. Small chunks share a piece of memory: a buffer
 * for each byte would cost some hundred times what the content holds.
 */
export class Collector implements Taker {
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [];
  #last: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** How much of the last piece is taken. */
  #taken = 0;
  #length = 0;

  take(chunk: Uint8Array<ArrayBuffer>): void {
    const fits = Math.min(chunk.length, this.#last.length - this.#taken);
    this.#last.set(chunk.subarray(0, fits), this.#taken);
    this.#taken += fits;
    const rest = chunk.subarray(fits);
    if (rest.length > 0) {
      // Most contents come in one chunk, and need no more room than that.
      const least = this.#pieces.length === 0 ? 0 : PIECE;
      this.#last = new Uint8Array(Math.max(rest.length, least));
      this.#last.set(rest);
      this.#taken = rest.length;
      this.#pieces.push(this.#last);
    }
    this.#length += chunk.length;
  }

  end(): void {}

  abort(): void {}

  /** What has come. */
  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece.subarray(0, this.#length - at), at);
      at += piece.length;
    }
    return all;
  }
}

/** Drops what it gets: for an answer whose content the caller does not want. */
export const discarder: Taker = {
  take: () => {},
  end: () => {},
  abort: () => {},
};

/** Counts what goes by, tells the caller's step, and refuses too much. */
export class Count {
  readonly #step?: Step;
  readonly #limit: number;
  #received = 0;
  #sent = 0;

  constructor(step: Step | undefined, limit: number) {
    this.#step = step;
    this.#limit = limit;
  }

  /** How many bytes have come. */
  get got(): number {
    return this.#received;
  }

  /** How many bytes have been sent. */
  get sent(): number {
    return this.#sent;
  }

  /** A chunk has come. What it returns, if anything, has to be awaited. */
  received(chunk: Uint8Array, total?: number): Promise<void> | void {
    this.#received += chunk.length;
    this.refuse(this.#received);
    if (this.#step !== undefined) return this.#tell(chunk, total);
  }

  /** A chunk goes out. */
  async sending(chunk: Uint8Array, total?: number): Promise<void> {
    this.#sent += chunk.length;
    await this.#tell(chunk, total);
  }

  /** Refuses a body of `length` bytes if it is too long. */
  refuse(length: number): void {
    if (length > this.#limit) {
      throw new TooLongError(
        `the body is longer than ${this.#limit} bytes; raise maxbody, or give a sink`,
      );
    }
  }

  async #tell(chunk: Uint8Array, total?: number): Promise<void> {
    const step = this.#step;
    if (step === undefined) return;
    const progress: Progress = { received: this.#received, sent: this.#sent };
    if (total !== undefined) progress.total = total;
    await callerCode(() => step(chunk, progress));
  }
}
