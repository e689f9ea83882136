/**
 * The body of an HTTP request on its way.
 *
 * @module
 */

import type { ClientRequest } from "node:http";
import type { Count } from "../requests/content.ts";
import type { HttpDuplex } from "./duplex.ts";
import type { HttpRequest } from "./params.ts";

/** Sends the body while the answer may come already. */
export class Upload {
  /** Fails when the source does; never resolves. */
  readonly failed: Promise<never>;
  readonly #sent: ClientRequest;
  readonly #duplex: HttpDuplex;
  readonly #count: Count;
  readonly #length?: number;
  #chunks?: AsyncIterator<Uint8Array>;
  #stopped = false;

  constructor(
    request: HttpRequest,
    sent: ClientRequest,
    duplex: HttpDuplex,
    count: Count,
  ) {
    this.#sent = sent;
    this.#duplex = duplex;
    this.#count = count;
    const { content, headers } = request;
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    promise.catch(() => {});
    if (content === undefined) {
      sent.end();
      return;
    }
    const given = headers.get("content-length")?.[1];
    this.#length = given === undefined ? content.length : Number(given);
    this.#chunks = content.chunks()[Symbol.asyncIterator]();
    // It is not the server's turn to speak.
    duplex.setPatience(Infinity);
    this.#run().then(() => duplex.setPatience(undefined), reject);
  }

  async #run(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#chunks!.next();
      if (this.#stopped || this.#duplex.deaf) return;
      if (done) break;
      await this.#count.sending(value, this.#length);
      this.#checkLength(this.#count.sent > this.#length!);
      if (!this.#sent.write(value)) await drained(this.#sent);
    }
    this.#checkLength(this.#count.sent < this.#length!);
    this.#sent.end();
  }

  #checkLength(isWrong: boolean): void {
    if (!isWrong) return;
    throw new RangeError(
      `request(): the source must have ${this.#length} bytes, as content-length says, got ${this.#count.sent}`,
    );
  }

  /** Whether all was sent. */
  get isSent(): boolean {
    return this.#sent.writableFinished;
  }

  /** Takes nothing more of the source. */
  stop(): void {
    this.#stopped = true;
    // Not awaited: a source that hangs must not hold up the end.
    this.#chunks?.return?.()?.catch(() => {});
  }
}

function drained(sent: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const events = ["drain", "close"];
    const done = () => {
      events.forEach((event) => sent.off(event, done));
      resolve();
    };
    events.forEach((event) => sent.on(event, done));
  });
}
