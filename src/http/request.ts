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
import { nameOf } from "../requests/parameters.ts";
import { requestError } from "../requests/request_error.ts";
import { exchange, type HttpAnswer } from "./exchange.ts";
import type { ResponseHeaders } from "./headers.ts";
import { type HttpParams, type HttpRequest, readParams } from "./params.ts";
import { redirected } from "./redirect.ts";

const CALL = "request()";
/** The longest body that is returned, unless the caller says otherwise: that of `receive("*a")`. */
const MAX_BODY = 64 * 1024 * 1024;
const FORM = "application/x-www-form-urlencoded";

/** `request(url, body)`: the body of the answer is returned. */
export async function requestText(
  host: RequestHost,
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
  const request = readParams(CALL, params, MAX_BODY);
  const answer = await follow(host, request, collector);
  const text = decode(collector.bytes(), answer.headers["content-type"]);
  return [text, answer.code, answer.headers, answer.status];
}

/** `request({...})`: the body of the answer goes into the sink. */
export async function requestInto(
  host: RequestHost,
  params: HttpParams,
): Promise<[1, number, ResponseHeaders, string]> {
  const request = readParams(CALL, params);
  const { sink } = params;
  const taker = sink === undefined ? discarder : sinkTaker(CALL, sink);
  const { code, headers, status } = await follow(host, request, taker);
  return [1, code, headers, status];
}

async function follow(
  host: RequestHost,
  first: HttpRequest,
  taker: Taker,
): Promise<HttpAnswer> {
  let request = first;
  try {
    for (let followed = 0;; followed++) {
      let next: HttpRequest | undefined;
      const count = new Count(request.step, request.maxbody);
      const answer = await exchange(host, request, count, taker, (answer) => {
        const { code, headers } = answer;
        next = redirected(request, code, headers, followed);
        return next === undefined;
      });
      if (next === undefined) return answer;
      request = next;
    }
  } catch (error) {
    const failed = `Cannot ${request.method} ${nameOf(request.url)}`;
    const told = requestError(failed, error);
    taker.abort(told);
    throw told;
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
