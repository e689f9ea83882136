/**
 * A request on its way: its head, and its body while the answer may come
 * already.
 *
 * @module
 */

import { ClosedError } from "../errors/errors.ts";
import type { Count } from "../requests/content.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { HttpRequest } from "./params.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);
const LINE_END = headBytes("\r\n");
const LAST_CHUNK = headBytes("0\r\n\r\n");

/** Sends one request. */
export class Upload {
  readonly #request: HttpRequest;
  readonly #socket: StreamSocket;
  readonly #count: Count;
  readonly #length?: number;
  #chunks?: AsyncIterator<Uint8Array>;
  #stopped = false;
  #deaf = false;
  #isSent = false;
  #sending: Promise<unknown> = Promise.resolve();

  constructor(request: HttpRequest, socket: StreamSocket, count: Count) {
    this.#request = request;
    this.#socket = socket;
    this.#count = count;
    const given = request.headers.get("content-length")?.[1];
    this.#length = given === undefined
      ? request.content?.length
      : Number(given);
  }

  /** Whether all was sent. */
  get isSent(): boolean {
    return this.#isSent;
  }

  /** Sends a head after which nothing comes, or which the server has to agree to first. */
  async head(head: Uint8Array): Promise<void> {
    await this.#send(head);
    this.#isSent = this.#request.content === undefined && !this.#deaf;
  }

  /**
   * Sends the body.
   *
   * @param head what goes before it, in one write with its first chunk
   * @throws when the source fails, or has not as many bytes as was said
   */
  async body(head: Uint8Array): Promise<void> {
    const { content, headers } = this.#request;
    const isChunked = this.#length === undefined ||
      headers.has("transfer-encoding");
    let before = head;
    if (content!.length === undefined || this.#request.step !== undefined) {
      // Its first chunk may take its time.
      await this.#send(before);
      before = NOTHING;
    }
    this.#chunks = content!.chunks()[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await this.#chunks.next();
      if (this.#stopped || this.#deaf) return;
      if (done) break;
      await this.#count.sending(value, this.#length);
      this.#checkLength(this.#count.sent > this.#length!);
      const size = headBytes(`${value.length.toString(16)}\r\n`);
      const parts = isChunked
        ? [before, size, value, LINE_END]
        : [before, value];
      await this.#send(joined(parts));
      before = NOTHING;
    }
    this.#checkLength(this.#count.sent < this.#length!);
    await this.#send(isChunked ? joined([before, LAST_CHUNK]) : before);
    this.#isSent = !this.#deaf;
  }

  /**
   * A server may answer and close before it has read all of a body ("413
   * Content Too Large"). So a send that finds the connection closed is no
   * failure yet: what can be read tells.
   */
  async #send(data: Uint8Array): Promise<void> {
    if (data.length === 0 || this.#deaf || this.#stopped) return;
    const { signal } = this.#request;
    try {
      this.#sending = signal === undefined
        ? this.#socket.send(data)
        : this.#socket.send(data, { signal });
      await this.#sending;
    } catch (error) {
      if (!(error instanceof ClosedError) || this.#stopped) throw error;
      this.#deaf = true;
    }
  }

  #checkLength(isWrong: boolean): void {
    if (!isWrong) return;
    throw new RangeError(
      `request(): the source must have ${this.#length} bytes, as content-length says, got ${this.#count.sent}`,
    );
  }

  /** Resolves when no send is under way; one whose connection was closed ends at once. */
  async settled(): Promise<void> {
    await this.#sending.catch(() => {});
  }

  /** Takes nothing more of the source. */
  stop(): void {
    this.#stopped = true;
    // Not awaited: a source that hangs must not hold up the end.
    this.#chunks?.return?.()?.catch(() => {});
  }
}

/** A head as HTTP sends it: in Latin-1. */
export function headBytes(head: string): Uint8Array<ArrayBuffer> {
  const ascii = encoder.encode(head);
  if (ascii.length === head.length) return ascii;
  const bytes = new Uint8Array(head.length);
  for (let i = 0; i < head.length; i++) bytes[i] = head.charCodeAt(i);
  return bytes;
}

function joined(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
