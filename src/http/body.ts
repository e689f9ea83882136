/**
 * The body of an answer, on its way to the caller.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Count, Taker } from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import { decoded, decoderFor } from "./decoding.ts";
import type { Exchange } from "./exchange.ts";
import type { HttpRequest } from "./params.ts";

/**
 * How many bytes, compressed, may come for each that `maxbody` permits, and how
 * many beyond that: a stream that is flushed after each byte takes about six for
 * it. More is no compression, but a body that may never yield anything.
 */
const PER_BYTE = 8;
const BEYOND = 256 * 1024;

/** The chunks of a body, counted, and decompressed where that is wanted. */
export class Body {
  readonly #host: RequestHost;
  readonly #request: HttpRequest;
  readonly #exchange: Exchange;
  readonly #count: Count;
  readonly #total?: number;
  readonly #decoded?: AsyncGenerator<Uint8Array>;

  /** @throws {TooLongError} when it is said to be longer than it may be */
  constructor(host: RequestHost, request: HttpRequest, exchange: Exchange) {
    this.#host = host;
    this.#request = request;
    this.#exchange = exchange;
    this.#count = exchange.count;
    const encoding = exchange.answer.headers["content-encoding"];
    const decoder = request.decompress ? decoderFor(encoding) : undefined;
    if (decoder !== undefined) {
      // The decoder calls from wherever it is.
      const inThread = AsyncLocalStorage.snapshot();
      const most = request.maxbody * PER_BYTE + BEYOND;
      this.#decoded = decoded(
        chunksOf(() => inThread(() => exchange.next()), (length) => {
          if (length > most) this.#count.refuse(Infinity);
        }),
        decoder,
      );
      return;
    }
    this.#total = exchange.length;
    if (this.#total !== undefined) this.#count.refuse(this.#total);
  }

  /** The next chunk, or `undefined` when it is over. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const chunk =
      await (this.#decoded === undefined
        ? this.#exchange.next()
        : this.#nextDecoded(this.#decoded));
    if (chunk === undefined) return undefined;
    const told = this.#count.received(chunk, this.#total);
    if (told !== undefined) await this.#wait(told);
    return chunk;
  }

  async #nextDecoded(
    decoded: AsyncGenerator<Uint8Array>,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { done, value } = await this.#wait(decoded.next());
    return done ? undefined : new Uint8Array(value);
  }

  #wait<T>(promise: Promise<T>): Promise<T> {
    return this.#host.wait(promise, { signal: this.#request.signal });
  }

  /** Hands all of it to `taker`. */
  async handTo(taker: Taker): Promise<void> {
    for (let chunk; (chunk = await this.next()) !== undefined;) {
      const taken = taker.take(chunk);
      if (taken !== undefined) await this.#wait(taken);
    }
    const ended = taker.end();
    if (ended !== undefined) await this.#wait(ended);
  }

  /**
   * The body as a stream, which receives only what is asked for.
   *
   * @param failure what an error of the body becomes
   */
  stream(
    failure: (error: unknown) => unknown,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      pull: async (controller) => {
        try {
          const chunk = await this.next();
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        } catch (error) {
          this.#exchange.close();
          throw failure(error);
        }
      },
      cancel: () => this.#exchange.close(),
    }, { highWaterMark: 0 });
  }
}

async function* chunksOf(
  next: () => Promise<Uint8Array | undefined>,
  check: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for (let chunk; (chunk = await next()) !== undefined;) {
    length += chunk.length;
    check(length);
    yield chunk;
  }
}
