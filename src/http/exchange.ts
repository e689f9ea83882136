/**
 * One request and its answer, over one connection, by node's client.
 *
 * @module
 */

import {
  type ClientRequest,
  type IncomingMessage,
  request as nodeRequest,
} from "node:http";
import { ClosedError } from "../errors/errors.ts";
import { Count, discarder, type Taker } from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import {
  callerCode,
  CHANGES_PROTOCOL,
  isGone,
} from "../requests/request_error.ts";
import { HttpDuplex } from "./duplex.ts";
import {
  type HeaderMap,
  requestHeaders,
  type ResponseHeaders,
  responseHeaders,
} from "./headers.ts";
import { open, proxyAuthorization } from "./open.ts";
import type { HttpRequest } from "./params.ts";
import type { Connections } from "./connections.ts";
import { decoded, decoderFor, ENCODINGS } from "./decoding.ts";
import { Upload } from "./upload.ts";

/** An answer. */
export interface HttpAnswer {
  code: number;
  headers: ResponseHeaders;
  /** "HTTP/1.1 200 OK". */
  status: string;
}

/** The longest body of a redirect that is read, so that its connection can be kept. */
const MAX_DROPPED = 16 * 1024;

/** Methods that only ask. */
const SAFE = ["GET", "HEAD", "OPTIONS"];

/** How many answers with a code below 200 may come before the real one. */
const MAX_INTERIM = 100;

/**
 * Sends `request`, and hands the body of the answer to `taker`.
 *
 * @param isFinal tells of an answer's head whether its body is wanted
 */
export async function exchange(
  host: RequestHost,
  connections: Connections,
  request: HttpRequest,
  count: Count,
  taker: Taker,
  isFinal: (answer: HttpAnswer) => boolean,
): Promise<HttpAnswer> {
  // First: what is wrong with the request is found before anything is opened.
  const head = requestHead(request, connections.isKeeping);
  const over = (duplex: HttpDuplex) =>
    exchangeOver(
      duplex,
      host,
      connections,
      request,
      head,
      count,
      taker,
      isFinal,
    );
  const kept = connections.isKeeping
    ? await connections.take(request)
    : undefined;
  if (kept !== undefined) {
    const duplex = new HttpDuplex(kept);
    try {
      return await over(duplex);
    } catch (error) {
      // The server may have closed it before it read the request. What has no
      // effect can be asked again, if nothing of an answer came.
      const mayRetry = isGone(error) && duplex.got === 0 &&
        SAFE.includes(request.method) && request.content === undefined;
      if (!mayRetry) throw error;
    }
  }
  return await over(new HttpDuplex(await open(host, request)));
}

async function exchangeOver(
  duplex: HttpDuplex,
  host: RequestHost,
  connections: Connections,
  request: HttpRequest,
  head: Head,
  count: Count,
  taker: Taker,
  isFinal: (answer: HttpAnswer) => boolean,
): Promise<HttpAnswer> {
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
    const keep = () => {
      const mayKeep = connections.isKeeping && upload?.isSent &&
        isKept(head.headers.get("connection")?.[1], response);
      const socket = mayKeep ? duplex.release() : undefined;
      if (socket !== undefined) connections.put(request, socket);
    };
    const answer = answerOf(response);
    if (!isFinal(answer)) {
      // The page of a redirect is short; reading it costs less than to connect.
      const isShort = (lengthOf(response) ?? Infinity) <= MAX_DROPPED;
      if (connections.isKeeping && isShort) {
        const dropped = new Count(undefined, MAX_DROPPED);
        const plain = { ...request, decompress: false };
        await receive(host, plain, response, duplex, dropped, discarder);
        keep();
      }
      return answer;
    }
    if (await isUnwanted(host, request, answer)) {
      taker.abort(new Error("onhead does not want the body"));
      return answer;
    }
    await receive(host, request, response, duplex, count, taker);
    Object.assign(answer.headers, responseHeaders(response.rawTrailers));
    keep();
    return answer;
  } catch (error) {
    throw duplex.failure ?? error;
  } finally {
    upload?.stop();
    duplex.destroy();
  }
}

/** What a request begins with: what it asks for, and its headers. */
interface Head {
  path: string;
  headers: HeaderMap;
}

/** The request's first line and headers. */
function requestHead(
  request: HttpRequest,
  isKept: boolean,
): Head {
  const { url, proxy } = request;
  const headers = requestHeaders(
    "request()",
    url,
    request.headers,
    request.content,
    isKept,
  );
  // It is for the proxy alone; through a tunnel it would get to the server.
  headers.delete("proxy-authorization");
  if (request.decompress) {
    headers.set("accept-encoding", ["Accept-Encoding", ENCODINGS]);
  }
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

/** Tells the caller's `onhead`. */
async function isUnwanted(
  host: RequestHost,
  { onhead, signal }: HttpRequest,
  { code, headers, status }: HttpAnswer,
): Promise<boolean> {
  if (onhead === undefined) return false;
  const called = callerCode(() => onhead(code, headers, status));
  return await host.wait(called, { signal }) === false;
}

/** Hands the body to `taker`, chunk by chunk. */
async function receive(
  host: RequestHost,
  { signal, decompress }: HttpRequest,
  response: IncomingMessage,
  duplex: HttpDuplex,
  count: Count,
  taker: Taker,
): Promise<void> {
  const decoder = decompress ? decoderFor(response) : undefined;
  const total = decoder === undefined ? lengthOf(response) : undefined;
  if (total !== undefined) count.refuse(total);
  const plain = response.iterator({ destroyOnReturn: false });
  const chunks = decoder === undefined ? plain : decoded(plain, decoder);
  for (;;) {
    const { done, value } = await host.wait(chunks.next(), { signal });
    if (done) break;
    const chunk = decoder === undefined
      ? withTheRest(value, response)
      : new Uint8Array(value);
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

/** Whether both sides let the connection be used again. */
function isKept(asked: string | undefined, response: IncomingMessage): boolean {
  const { httpVersion, headers, statusCode = 0 } = response;
  const hasEnd = !isUntilClose(response) || [204, 304].includes(statusCode);
  const said = `${asked ?? ""},${headers.connection ?? ""}`;
  return hasEnd && httpVersion === "1.1" && !/\bclose\b/i.test(said);
}

/** Whether the body ends with the connection. */
function isUntilClose({ headers }: IncomingMessage): boolean {
  return headers["content-length"] === undefined &&
    headers["transfer-encoding"] === undefined;
}

function tooEarly(): ClosedError {
  return new ClosedError("the server closed the connection too early");
}
