/**
 * One request and its answer, over one connection of its own, by node's client.
 *
 * @module
 */

import {
  type ClientRequest,
  type IncomingMessage,
  request as nodeRequest,
} from "node:http";
import { ClosedError } from "../errors/errors.ts";
import type { Count, Taker } from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import { CHANGES_PROTOCOL } from "../requests/request_error.ts";
import { HttpDuplex } from "./duplex.ts";
import {
  type HeaderMap,
  requestHeaders,
  type ResponseHeaders,
  responseHeaders,
} from "./headers.ts";
import { open, proxyAuthorization } from "./open.ts";
import type { HttpRequest } from "./params.ts";

/** An answer. */
export interface HttpAnswer {
  code: number;
  headers: ResponseHeaders;
  /** "HTTP/1.1 200 OK". */
  status: string;
}

/** How many answers with a code below 200 may come before the real one. */
const MAX_INTERIM = 100;

/**
 * Sends `request`, and hands the body of the answer to `taker`.
 *
 * @param isFinal tells of an answer's head whether its body is wanted
 */
export async function exchange(
  host: RequestHost,
  request: HttpRequest,
  count: Count,
  taker: Taker,
  isFinal: (answer: HttpAnswer) => boolean,
): Promise<HttpAnswer> {
  const head = requestHead(request);
  const socket = await open(host, request);
  const duplex = new HttpDuplex(socket);
  const { signal } = request;
  let upload: Upload | undefined;
  try {
    const sent = nodeRequest({
      createConnection: () => duplex,
      method: request.method,
      path: head.path,
      // So that node makes no header of its own.
      setHost: false,
      headers: Object.fromEntries(head.headers.values()),
    });
    const answered = answerTo(sent, duplex, count);
    upload = new Upload(request, sent, duplex, count);
    // An upload that fails is the end; one that succeeds is not.
    const response = await host.wait(
      Promise.race([answered, upload.failed]),
      { signal },
    );
    const answer = answerOf(response);
    if (!isFinal(answer)) return answer;
    await receive(host, request, response, duplex, count, taker);
    Object.assign(answer.headers, responseHeaders(response.rawTrailers));
    return answer;
  } catch (error) {
    throw duplex.failure ?? error;
  } finally {
    upload?.stop();
    duplex.destroy();
  }
}

/** The request's first line and headers. */
function requestHead(
  request: HttpRequest,
): { path: string; headers: HeaderMap } {
  const { url, proxy } = request;
  const headers = requestHeaders(
    "request()",
    url,
    request.headers,
    request.content,
  );
  // It is for the proxy alone; through a tunnel it would get to the server.
  headers.delete("proxy-authorization");
  const path = request.uri ?? `${url.pathname}${url.search}`;
  if (proxy === undefined || url.protocol === "https:") {
    return { path, headers };
  }
  const authorization = proxyAuthorization(request, proxy);
  if (authorization !== undefined) {
    headers.set("proxy-authorization", ["Proxy-Authorization", authorization]);
  }
  return { path: request.uri ?? `http://${url.host}${path}`, headers };
}

/** The head of the answer. */
function answerTo(
  sent: ClientRequest,
  duplex: HttpDuplex,
  count: Count,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  let interim = 0;
  duplex.progress = () => interim;
  const fail = (error: Error) => {
    // The body would only say that the connection was closed.
    duplex.failure ??= error;
    reject(error);
    duplex.destroy();
  };
  sent.on("response", (response) => {
    // It may fail when no reader is there: before the first chunk, after the last.
    response.on("error", () => {});
    const before = interim + 1;
    duplex.progress = () => before + count.got + response.readableLength;
    resolve(response);
  });
  sent.on("information", () => {
    if (++interim <= MAX_INTERIM) return;
    fail(new Deno.errors.InvalidData("too many interim answers"));
  });
  // From here on node has no listener on the connection.
  const changed = () => fail(new Deno.errors.InvalidData(CHANGES_PROTOCOL));
  sent.on("upgrade", changed);
  sent.on("connect", changed);
  sent.on("error", fail);
  sent.on("close", () => reject(duplex.failure ?? tooEarly()));
  // It may fail when the exchange does not wait for it any more.
  promise.catch(() => {});
  return promise;
}

function answerOf(response: IncomingMessage): HttpAnswer {
  const { statusCode = 0, statusMessage = "", httpVersion } = response;
  return {
    code: statusCode,
    headers: responseHeaders(response.rawHeaders),
    status: `HTTP/${httpVersion} ${statusCode} ${statusMessage}`.trimEnd(),
  };
}

/** Hands the body to `taker`, chunk by chunk. */
async function receive(
  host: RequestHost,
  { signal }: HttpRequest,
  response: IncomingMessage,
  duplex: HttpDuplex,
  count: Count,
  taker: Taker,
): Promise<void> {
  const total = lengthOf(response);
  if (total !== undefined) count.refuse(total);
  const chunks = response.iterator({ destroyOnReturn: false });
  for (;;) {
    const { done, value } = await host.wait(chunks.next(), { signal });
    if (done) break;
    const chunk = withTheRest(value, response);
    const handed = (async () => {
      await count.received(chunk, total);
      await taker.take(chunk);
    })();
    await host.wait(handed, { signal });
  }
  // Node takes every end of the connection for that of such a body.
  const isCut = isUntilClose(response) && duplex.failure !== undefined;
  if (isCut || !response.complete) throw duplex.failure ?? tooEarly();
  await host.wait(taker.end(), { signal });
}

/** A chunk and what else has come: a chunk of HTTP may be a byte, and each handed on costs a turn. */
function withTheRest(
  first: Uint8Array,
  response: IncomingMessage,
): Uint8Array<ArrayBuffer> {
  const { readableLength } = response;
  const rest = readableLength > 0 ? response.read(readableLength) : null;
  if (rest === null) return new Uint8Array(first);
  const all = new Uint8Array(first.length + rest.length);
  all.set(first);
  all.set(rest, first.length);
  return all;
}

function lengthOf(response: IncomingMessage): number | undefined {
  const length = response.headers["content-length"];
  const { method } = (response as { req?: ClientRequest }).req ?? {};
  return length === undefined || method === "HEAD" ||
      response.statusCode === 304
    ? undefined
    : Number(length);
}

/** Whether the body ends with the connection. */
function isUntilClose({ headers }: IncomingMessage): boolean {
  return headers["content-length"] === undefined &&
    headers["transfer-encoding"] === undefined;
}

function tooEarly(): ClosedError {
  return new ClosedError("the server closed the connection too early");
}

/** Sends the body while the answer may come already. */
class Upload {
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
