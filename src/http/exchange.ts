/**
 * One request and its answer, over one connection.
 *
 * @module
 */

import { TimeoutError } from "../errors/errors.ts";
import { Count } from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import { isGone } from "../requests/request_error.ts";
import { abandon } from "../requests/socket_duplex.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { HttpAnswer } from "./answer_head.ts";
import { AnswerReader } from "./answer_reader.ts";
import type { Connections } from "./connections.ts";
import { open } from "./open.ts";
import type { HttpRequest } from "./params.ts";
import { requestHead } from "./request_head.ts";
import { Upload } from "./upload.ts";

/** The longest body of a redirect that is read, so that its connection can be kept. */
const MAX_DROPPED = 16 * 1024;

/** Methods that only ask. */
const SAFE = ["GET", "HEAD", "OPTIONS"];

/** How many answers with a code below 200 may come before the real one. */
const MAX_INTERIM = 100;

/** How many seconds a server has to answer to `Expect: 100-continue`: many know nothing of it. */
const MAX_AGREEMENT = 1;

/**
 * Sends `request`, and resolves when the head of the answer has come. The
 * caller has to read its body, or to close it.
 */
export async function exchange(
  host: RequestHost,
  connections: Connections,
  request: HttpRequest,
): Promise<Exchange> {
  // First: what is wrong with the request is found before anything is opened.
  const head = requestHead(request, connections.isKeeping);
  // What has no effect can be asked again, if nothing of an answer came.
  const mayRetry = SAFE.includes(request.method) &&
    request.content === undefined;
  const kept = connections.isKeeping
    ? await connections.take(request, mayRetry)
    : undefined;
  if (kept !== undefined) {
    const made = new Exchange(host, connections, request, kept);
    try {
      await made.begin(head);
      return made;
    } catch (error) {
      // The server may have closed it before it read the request.
      if (!mayRetry || !isGone(error) || made.hasAnswer) throw error;
    }
  }
  const socket = await open(host, request);
  const made = new Exchange(host, connections, request, socket);
  await made.begin(head);
  return made;
}

/** A request that was sent, and its answer. */
export class Exchange {
  readonly #host: RequestHost;
  readonly #connections: Connections;
  readonly #request: HttpRequest;
  readonly #count: Count;
  readonly #reader: AnswerReader;
  readonly #upload: Upload;
  /** Until it is kept for another request, or closed. */
  #socket?: StreamSocket;
  #answer?: HttpAnswer;

  constructor(
    host: RequestHost,
    connections: Connections,
    request: HttpRequest,
    socket: StreamSocket,
  ) {
    this.#host = host;
    this.#connections = connections;
    this.#request = request;
    this.#socket = socket;
    this.#count = new Count(request.step, request.maxbody);
    this.#reader = new AnswerReader(socket, request.signal);
    this.#upload = new Upload(request, socket, this.#count);
  }

  /** The head of the answer. */
  get answer(): HttpAnswer {
    return this.#answer!;
  }

  /** Whether anything of an answer has come. */
  get hasAnswer(): boolean {
    return this.#reader.hasBegun;
  }

  /** Counts the body, and refuses too much of it. */
  get count(): Count {
    return this.#count;
  }

  /** How many bytes the body has as it comes, where that is known. */
  get length(): number | undefined {
    return this.#reader.length;
  }

  /** Sends the request, and receives the head of the answer. Closes the connection when that fails. */
  async begin(head: Uint8Array): Promise<void> {
    try {
      const answer = await this.#talk(head);
      this.#reader.beginBody(answer, this.#request.method);
      this.#answer = answer;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #talk(head: Uint8Array): Promise<HttpAnswer> {
    const { content, headers } = this.#request;
    if (content === undefined) {
      await this.#upload.head(head);
      return await this.#final();
    }
    const expect = headers.get("expect")?.[1] ?? "";
    if (expect.trim().toLowerCase() !== "100-continue") {
      return await this.#answerTo(head);
    }
    await this.#upload.head(head);
    return await this.#refusal() ?? await this.#answerTo(new Uint8Array(0));
  }

  /** Sends the body while the answer may come already. */
  async #answerTo(head: Uint8Array): Promise<HttpAnswer> {
    const reader = this.#reader;
    // It is not the server's turn to speak.
    reader.setPatience(Infinity);
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    this.#upload.body(head).then(
      () => reader.setPatience(undefined),
      failed.reject,
    );
    const final = this.#final();
    final.catch(() => {});
    // An upload that fails is the end; one that succeeds is not.
    return await this.#host.wait(Promise.race([final, failed.promise]), {
      signal: this.#request.signal,
    });
  }

  /** Waits until the server agrees to the body, or for a while; resolves to its answer if that came first. */
  async #refusal(): Promise<HttpAnswer | undefined> {
    const { receive } = this.#request.timeouts;
    this.#reader.setPatience(Math.min(MAX_AGREEMENT, receive));
    try {
      for (let interim = 0; interim <= MAX_INTERIM; interim++) {
        const answer = await this.#reader.head();
        if (answer.code === 100) return undefined;
        if (answer.code >= 200 || answer.code === 101) return final(answer);
      }
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      return undefined;
    } finally {
      this.#reader.setPatience(undefined);
    }
    throw tooManyInterim();
  }

  async #final(): Promise<HttpAnswer> {
    for (let interim = 0; interim <= MAX_INTERIM; interim++) {
      const answer = await this.#reader.head();
      if (answer.code >= 200 || answer.code === 101) return final(answer);
    }
    throw tooManyInterim();
  }

  /** The next chunk of the body as it comes; `undefined` when it is over. */
  async next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const chunk = await this.#reader.next();
    if (chunk !== undefined) return chunk;
    this.#addTrailers();
    this.#keep();
    return undefined;
  }

  /** What the head has said stays: it was acted upon, and a proxy on the way may not have checked the trailers (RFC 9110, section 6.5). */
  #addTrailers(): void {
    const { headers } = this.answer;
    for (const [name, value] of Object.entries(this.#reader.trailers)) {
      if (!Object.hasOwn(headers, name)) headers[name] = value;
    }
  }

  /** Does without the body, but reads one that is short, so that the connection can be kept. */
  async drop(): Promise<void> {
    // The page of a redirect is short; reading it costs less than to connect.
    const { length = this.#reader.isClean ? 0 : Infinity } = this;
    if (!this.#connections.isKeeping || length > MAX_DROPPED) {
      return this.close();
    }
    while (await this.next() !== undefined);
  }

  #keep(): void {
    const socket = this.#socket;
    const { answer } = this;
    const said = this.#request.headers.get("connection")?.[1] ?? "";
    const both = `${said},${answer.headers.connection ?? ""}`;
    const mayKeep = socket !== undefined && this.#connections.isKeeping &&
      this.#upload.isSent && this.#reader.isClean &&
      answer.status.startsWith("HTTP/1.1") && !/\bclose\b/i.test(both);
    if (mayKeep) {
      this.#socket = undefined;
      this.#connections.put(this.#request, socket);
    }
    this.close();
  }

  /** Resolves when nothing is under way of what {@linkcode close} has ended. */
  async closed(): Promise<void> {
    this.close();
    await this.#upload.settled();
  }

  /** Sends and receives nothing more. A connection that is not kept is closed. */
  close(): void {
    this.#upload.stop();
    const socket = this.#socket;
    this.#socket = undefined;
    // The rest of a body is of no use to a server that has answered.
    if (this.#upload.isSent && socket !== undefined) abandon(socket);
    else socket?.abort();
  }
}

/** An answer that is the last one to a request. */
function final(answer: HttpAnswer): HttpAnswer {
  if (answer.code !== 101) return answer;
  throw new Deno.errors.InvalidData(
    "the server changes the protocol (101 Switching Protocols), which a request can't follow",
  );
}

function tooManyInterim(): Error {
  return new Deno.errors.InvalidData("too many interim answers");
}
