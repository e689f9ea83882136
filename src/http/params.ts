/**
 * The parameters of an HTTP request, and their check.
 *
 * @module
 */

import { checkFunction, checkInteger, wrongType } from "../errors/arguments.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import type { Timeouts } from "../socket/timeouts.ts";
import {
  type Content,
  readSource,
  type Sink,
  type Source,
  type Step,
} from "../requests/content.ts";
import {
  checkCommon,
  checkKeys,
  checkOneLine,
  type CommonParams,
  readTimeouts,
  readUrl,
} from "../requests/parameters.ts";
import { checkMethod, type HeadersLike, readHeaders } from "./headers.ts";

/** An HTTP request. */
export interface HttpParams extends CommonParams {
  /** Where to: `http:` or `https:`. A user and a password in it are sent as Basic authorization. */
  url: string | URL;
  /** The method. Default: `"GET"`, as in LuaSocket, also with a `source`. */
  method?: string;
  /** Headers in place of, or besides, those that a request has anyway. */
  headers?: HeadersLike;
  /** The body. With text or bytes its length is sent; with a stream it goes in chunks, unless `headers` have a content-length. */
  source?: Source;
  /** Where the body of the answer goes. Default: nowhere. */
  sink?: Sink;
  /** Called with each chunk of a body, sent or received, and the bytes so far. */
  step?: Step;
  /** Whether redirects are followed; `"all"`: also from https to http. Default: `true`. */
  redirect?: boolean | "all";
  /** How many redirects are followed; the next one is the answer. `false`: no limit. Default: 5. */
  maxredirects?: number | false;
  /** A proxy, as `http://host:port`; the port's default is 3128. A user and a password in it are for the proxy. */
  proxy?: string | URL;
  /** The longest body of an answer, in bytes; a longer one is a `TooLongError`. Default: 64 MiB where the body is returned, no limit with a `sink`. */
  maxbody?: number;
  /** What is asked for, in place of path and query of the URL. */
  uri?: string;
}

/** A request that has been checked. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Map<string, [name: string, value: string]>;
  readonly content?: Content;
  readonly step?: Step;
  readonly redirect: boolean | "all";
  readonly maxredirects: number;
  readonly timeouts: Timeouts;
  readonly proxy?: URL;
  readonly sslparams: SslParams | SslParamsSource;
  readonly signal?: AbortSignal;
  readonly maxbody: number;
  readonly uri?: string;
}

const KEYS = [
  "url",
  "method",
  "headers",
  "source",
  "sink",
  "step",
  "redirect",
  "maxredirects",
  "timeout",
  "proxy",
  "sslparams",
  "signal",
  "maxbody",
  "uri",
] as const;
const REDIRECTS = [true, false, "all"];
const MAX_REDIRECTS = 5;
const PROXY_PORT = "3128";

/** Checks the parameters of `call`. */
export function readParams(
  call: string,
  params: HttpParams,
  maxbody = Infinity,
): HttpRequest {
  checkKeys(call, params, KEYS);
  checkCommon(call, params);
  const url = readUrl(call, params.url, ["http:", "https:"]);
  const { redirect = true, maxredirects = MAX_REDIRECTS, step, uri } = params;
  if (!REDIRECTS.includes(redirect)) {
    throw wrongType(call, "redirect", 'true, false or "all"', redirect);
  }
  if (maxredirects !== false) {
    checkInteger(call, "maxredirects", maxredirects, 0);
  }
  if (step !== undefined) checkFunction(call, "step", step);
  if (params.maxbody !== undefined) {
    checkInteger(call, "maxbody", params.maxbody, 0);
  }
  if (uri !== undefined) checkUri(call, uri);
  const { source, method = "GET" } = params;
  checkMethod(call, method);
  const content = source === undefined ? undefined : readSource(call, source);
  return {
    url,
    method,
    headers: readHeaders(call, params.headers ?? {}, content),
    content,
    step,
    redirect,
    maxredirects: maxredirects === false ? Infinity : maxredirects,
    timeouts: readTimeouts(call, params.timeout),
    proxy: readProxy(call, params.proxy),
    sslparams: params.sslparams ?? {},
    signal: params.signal,
    maxbody: params.maxbody ?? maxbody,
    uri,
  };
}

function checkUri(call: string, uri: string): void {
  checkOneLine(call, "the uri", uri);
  if (!/^[\x21-\x7e]+$/.test(uri)) {
    const expected = "printable ASCII without spaces; escape the rest";
    throw wrongType(call, "the uri", expected, uri);
  }
}

function readProxy(call: string, proxy?: string | URL): URL | undefined {
  if (proxy === undefined) return undefined;
  const url = readUrl(`${call}: proxy`, proxy, ["http:"]);
  const text = String(proxy);
  // URL drops a port that is the scheme's own, so it has to be looked for.
  const isGiven = /^[a-z]+:\/\/(?:[^/@]*@)?[^/]*:\d+(?:[/?#]|$)/i.test(text);
  if (url.port === "" && !isGiven) url.port = PROXY_PORT;
  return url;
}
