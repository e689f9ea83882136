/**
 * HTTP requests: from the call to the answer, redirects included.
 *
 * @module
 */

import {
  Collector,
  discarder,
  sinkTaker,
  type Taker,
} from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import { limited } from "../requests/limit.ts";
import { nameOf } from "../requests/parameters.ts";
import { callerCode, requestError } from "../requests/request_error.ts";
import type { HttpAnswer } from "./answer_head.ts";
import { Body } from "./body.ts";
import type { Connections } from "./connections.ts";
import { type Exchange, exchange } from "./exchange.ts";
import type { ResponseHeaders } from "./headers.ts";
import {
  type HttpParams,
  type HttpRequest,
  MAX_RETURNED,
  readParams,
} from "./params.ts";
import { observedHttp, withHeaders } from "./observed_http.ts";
import { redirected } from "./redirect.ts";

const CALL = "request()";
const FORM = "application/x-www-form-urlencoded";

/** `request(url, body)`: the body of the answer is returned. */
export async function requestText(
  host: RequestHost,
  connections: Connections,
  url: string | URL,
  body?: string | Uint8Array,
): Promise<[string, number, ResponseHeaders, string]> {
  const params: HttpParams = body === undefined ? { url } : {
    url,
    method: "POST",
    source: body,
    headers: { "Content-Type": FORM },
  };
  const collector = new Collector();
  const request = readParams(CALL, params, MAX_RETURNED);
  const answer = await answerInto(host, connections, request, collector);
  const text = decode(collector.bytes(), answer.headers["content-type"]);
  return [text, answer.code, answer.headers, answer.status];
}

/** `request({...})`: the body of the answer goes into the sink. */
export async function requestInto(
  host: RequestHost,
  connections: Connections,
  params: HttpParams,
): Promise<[unknown, number, ResponseHeaders, string]> {
  const request = readParams(CALL, params);
  const { sink, as } = params;
  if (as === "stream") return await answerStream(host, connections, request);
  if (as !== undefined) {
    const collector = new Collector();
    const answer = await answerInto(host, connections, request, collector);
    const { code, headers, status } = answer;
    const bytes = collector.bytes();
    if (as === "bytes") return [bytes, code, headers, status];
    const text = decode(bytes, headers["content-type"]);
    return [as === "json" ? readJson(text) : text, code, headers, status];
  }
  const taker = sink === undefined ? discarder : sinkTaker(CALL, sink);
  const { code, headers, status } = await answerInto(
    host,
    connections,
    request,
    taker,
  );
  return [1, code, headers, status];
}

/** Hands the body of the answer to `taker`. */
async function answerInto(
  host: RequestHost,
  connections: Connections,
  first: HttpRequest,
  taker: Taker,
): Promise<HttpAnswer> {
  const use = async (request: HttpRequest, made: Exchange) => {
    if (await isUnwanted(host, request, made.answer)) {
      taker.abort(new Error("onhead does not want the body"));
    } else await new Body(host, request, made).handTo(taker);
    await made.closed();
    return made.answer;
  };
  try {
    return await follow(host, connections, first, use);
  } catch (error) {
    taker.abort(error);
    throw error;
  }
}

/** Gives the body of the answer as a stream: it comes as the caller reads. */
async function answerStream(
  host: RequestHost,
  connections: Connections,
  first: HttpRequest,
): Promise<[unknown, number, ResponseHeaders, string]> {
  const use = async (request: HttpRequest, made: Exchange) => {
    const { code, headers, status } = made.answer;
    // The limit for the whole request ends with the head.
    const read = { ...request, signal: first.signal };
    const isEmpty = await isUnwanted(host, request, made.answer);
    if (isEmpty) made.close();
    const stream = isEmpty
      ? ReadableStream.from<Uint8Array>([])
      : new Body(host, read, made).stream((error) => told(request, error));
    return [stream, code, headers, status] as [
      unknown,
      number,
      ResponseHeaders,
      string,
    ];
  };
  return await follow(host, connections, first, use);
}

/** Asks until the answer is no redirect that is followed, and hands that to `use`. */
async function follow<T>(
  host: RequestHost,
  connections: Connections,
  first: HttpRequest,
  use: (request: HttpRequest, made: Exchange) => Promise<T>,
): Promise<T> {
  let request = first;
  let status = 0;
  const run = async (signal: AbortSignal | undefined) => {
    if (signal !== undefined) request = { ...request, signal };
    for (let followed = 0;; followed++) {
      const made = await exchange(host, connections, request);
      try {
        const { code, headers } = made.answer;
        status = code;
        const next = redirected(request, code, headers, followed);
        if (next === undefined) return await use(request, made);
        await made.drop();
        request = next;
      } catch (error) {
        made.close();
        throw error;
      }
    }
  };
  return await observedHttp(host, first, async (headers) => {
    request = withHeaders(request, headers);
    try {
      return await limited(host, first.totaltimeout, first.signal, run);
    } catch (error) {
      throw told(request, error);
    }
  }, () => status);
}

function told({ method, url }: HttpRequest, error: unknown): unknown {
  return requestError(`Cannot ${method} ${nameOf(url)}`, error);
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

/** The value of a body. The message of the platform shows the body, which may be a secret. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(
      `${CALL}: the body of the answer is no JSON; it has ${text.length} characters`,
    );
  }
}

const utf8 = new TextDecoder();

/** The text of a body, by the charset that its type names; else UTF-8. */
function decode(bytes: Uint8Array, type = ""): string {
  if (!type.includes(";")) return utf8.decode(bytes);
  const charset = /;\s*charset="?([^\s";]+)/i.exec(type)?.[1] ?? "utf-8";
  let decoder;
  try {
    decoder = new TextDecoder(charset);
  } catch {
    decoder = new TextDecoder();
  }
  return decoder.decode(bytes);
}
