/**
 * Reads answers from a connection, as their bytes come: heads, and the bodies
 * that follow them.
 *
 * @module
 */

import { CancelledError, ClosedError, TooLongError } from "../errors/errors.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import {
  type HttpAnswer,
  latin1,
  malformed,
  parseHead,
} from "./answer_head.ts";
import { ChunkDecoder } from "./chunks.ts";
import type { ResponseHeaders } from "./headers.ts";

/** How much is read at once. */
const CHUNK = 64 * 1024;
const MAX_HEAD = 16 * 1024;
const [LF, CR] = [10, 13];
const BEGIN = "HTTP/1.";

/** How a body ends. */
type Framing = "none" | "length" | "chunks" | "close";

/** The answers on one connection. */
export class AnswerReader {
  readonly #socket: StreamSocket;
  readonly #signal?: AbortSignal;
  /** What has come and was not taken. */
  #data: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  /** Up to where `#data` has no end of a line that was not looked at. */
  #seen = 0;
  #lineStart = 0;
  #patience: number | undefined;
  #reading?: AbortController;
  #framing: Framing = "none";
  #left = 0;
  #chunks?: ChunkDecoder;
  /** Whether anything has come. */
  hasBegun = false;

  constructor(socket: StreamSocket, signal: AbortSignal | undefined) {
    this.#socket = socket;
    this.#signal = signal;
  }

  /**
   * Sets how many seconds a receive may take from now on, in place of the
   * socket's receive timeout; `Infinity` while it is not the server's turn.
   */
  setPatience(seconds: number | undefined): void {
    if (seconds === this.#patience) return;
    this.#patience = seconds;
    // A receive that ends so has lost nothing: the next one goes on.
    this.#reading?.abort(RESTART);
  }

  /** The next head. One that was given up after a timeout can be asked for again. */
  async head(): Promise<HttpAnswer> {
    for (;;) {
      const length = this.#findHead();
      if (length !== undefined) {
        const text = latin1(this.#data.subarray(0, length - 4));
        this.#data = this.#data.subarray(length);
        this.#seen = this.#lineStart = 0;
        return parseHead(text);
      }
      if (!await this.#more()) throw tooEarly();
    }
  }

  /** Where the head ends, if all of it is there. Refuses what can't become one. */
  #findHead(): number | undefined {
    const data = this.#data;
    const begin = Math.min(BEGIN.length, data.length);
    if (latin1(data.subarray(0, begin)) !== BEGIN.slice(0, begin)) {
      throw malformed("it does not begin as one of HTTP/1.1");
    }
    for (let end; (end = data.indexOf(LF, this.#seen)) >= 0;) {
      if (data[end - 1] !== CR) {
        throw malformed("a line does not end with CRLF");
      }
      const isEmpty = end === this.#lineStart + 1;
      this.#seen = this.#lineStart = end + 1;
      if (end >= MAX_HEAD) break;
      if (isEmpty) return end + 1;
    }
    this.#seen = data.length;
    if (data.length > MAX_HEAD) {
      throw new TooLongError("the headers are longer than 16 KiB");
    }
    return undefined;
  }

  /** Begins the body of `answer`, to a request by `method`. */
  beginBody({ code, headers }: HttpAnswer, method: string): void {
    const length = headers["content-length"];
    const encoding = headers["transfer-encoding"];
    if (
      method.toUpperCase() === "HEAD" || code < 200 || [204, 304].includes(code)
    ) {
      this.#framing = "none";
    } else if (encoding !== undefined) {
      const isChunked = encoding.toLowerCase() === "chunked";
      this.#framing = isChunked ? "chunks" : "close";
      if (isChunked) this.#chunks = new ChunkDecoder();
    } else if (length !== undefined) {
      this.#framing = "length";
      this.#left = Number(length);
    } else this.#framing = "close";
  }

  /** How many bytes the body has, where that is known. */
  get length(): number | undefined {
    return this.#framing === "length" ? this.#left : undefined;
  }

  /** The headers that came after the body. */
  get trailers(): ResponseHeaders {
    return this.#chunks?.trailers ?? {};
  }

  /** Whether the connection can carry another answer: the body was over by itself, and nothing came after it. */
  get isClean(): boolean {
    return this.#framing !== "close" && this.#isOver() &&
      this.#data.length === 0;
  }

  #isOver(): boolean {
    return this.#framing === "none" ||
      (this.#framing === "length" && this.#left === 0) ||
      this.#chunks?.isOver === true;
  }

  /** The next chunk of the body, or `undefined` when it is over. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      if (this.#isOver()) return undefined;
      if (this.#data.length > 0) {
        const chunk = this.#take();
        if (chunk.length > 0) return chunk;
        continue;
      }
      if (await this.#more()) continue;
      if (this.#framing === "close") return undefined;
      throw tooEarly();
    }
  }

  #take(): Uint8Array<ArrayBuffer> {
    const data = this.#data;
    let [body, taken] = [data.length, data.length];
    if (this.#framing === "length") {
      body = taken = Math.min(body, this.#left);
      this.#left -= taken;
    } else if (this.#chunks !== undefined) {
      [body, taken] = this.#chunks.take(data);
    }
    this.#data = data.subarray(taken);
    // The receiver may look at the buffer of what it gets.
    return body === data.buffer.byteLength ? data : data.slice(0, body);
  }

  /** Receives more; `false` at the end of the stream. */
  async #more(): Promise<boolean> {
    const data = await this.#receive();
    if (data === null) return false;
    this.hasBegun = true;
    if (this.#data.length === 0) this.#data = data;
    else {
      const all = new Uint8Array(this.#data.length + data.length);
      all.set(this.#data);
      all.set(data, this.#data.length);
      this.#data = all;
    }
    return true;
  }

  async #receive(): Promise<Uint8Array<ArrayBuffer> | null> {
    const signal = this.#signal;
    if (this.#patience === undefined) {
      return await (signal === undefined
        ? this.#socket.receivepartial(CHUNK)
        : this.#socket.receivepartial(CHUNK, { signal }));
    }
    const reading = this.#reading = new AbortController();
    const both = signal === undefined
      ? reading.signal
      : AbortSignal.any([reading.signal, signal]);
    try {
      return await this.#socket.receivepartial(CHUNK, {
        timeout: this.#patience,
        signal: both,
      });
    } catch (error) {
      const isRestart = error instanceof CancelledError &&
        error.cause === RESTART;
      if (!isRestart) throw error;
    } finally {
      this.#reading = undefined;
    }
    return await this.#receive();
  }
}

/** Why a receive ends that begins again with another timeout. */
const RESTART = new Error("another timeout holds now");

function tooEarly(): ClosedError {
  return new ClosedError("the server closed the connection too early");
}
