/**
 * HTTP requests: from the call to the answer, redirects included.
 *
 * @module
 */

import {
  Collector,
  Count,
  discarder,
  sinkTaker,
  type Taker,
} from "../requests/content.ts";
import type { RequestHost } from "../requests/host.ts";
import { limited } from "../requests/limit.ts";
import { nameOf } from "../requests/parameters.ts";
import { requestError } from "../requests/request_error.ts";
import type { Connections } from "./connections.ts";
import { exchange, type HttpAnswer } from "./exchange.ts";
import type { ResponseHeaders } from "./headers.ts";
import {
  type HttpParams,
  type HttpRequest,
  MAX_RETURNED,
  readParams,
} from "./params.ts";
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
  const answer = await follow(host, connections, request, collector);
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
  if (as !== undefined) {
    const collector = new Collector();
    const answer = await follow(host, connections, request, collector);
    const { code, headers, status } = answer;
    const bytes = collector.bytes();
    if (as === "bytes") return [bytes, code, headers, status];
    const text = decode(bytes, headers["content-type"]);
    return [as === "json" ? readJson(text) : text, code, headers, status];
  }
  const taker = sink === undefined ? discarder : sinkTaker(CALL, sink);
  const { code, headers, status } = await follow(
    host,
    connections,
    request,
    taker,
  );
  return [1, code, headers, status];
}

async function follow(
  host: RequestHost,
  connections: Connections,
  first: HttpRequest,
  taker: Taker,
): Promise<HttpAnswer> {
  let request = first;
  const run = async (signal: AbortSignal | undefined) => {
    request = { ...request, signal };
    for (let followed = 0;; followed++) {
      let next: HttpRequest | undefined;
      const count = new Count(request.step, request.maxbody);
      const isFinal = ({ code, headers }: HttpAnswer) => {
        next = redirected(request, code, headers, followed);
        return next === undefined;
      };
      const answer = await exchange(
        host,
        connections,
        request,
        count,
        taker,
        isFinal,
      );
      if (next === undefined) return answer;
      request = next;
    }
  };
  try {
    return await limited(host, first.totaltimeout, first.signal, run);
  } catch (error) {
    const failed = `Cannot ${request.method} ${nameOf(request.url)}`;
    const told = requestError(failed, error);
    taker.abort(told);
    throw told;
  }
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

/** The text of a body, by the charset that its type names; else UTF-8. */
function decode(bytes: Uint8Array, type = ""): string {
  const charset = /;\s*charset="?([^\s";]+)/i.exec(type)?.[1] ?? "utf-8";
  let decoder;
  try {
    decoder = new TextDecoder(charset);
  } catch {
    decoder = new TextDecoder();
  }
  return decoder.decode(bytes);
}
