/**
 * The parameters of an HTTP request, and their check.
 *
 * @module
 */

import {
  checkFunction,
  checkInteger,
  checkSeconds,
  wrongType,
} from "../errors/arguments.ts";
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
import {
  checkMethod,
  type HeadersLike,
  readHeaders,
  type ResponseHeaders,
} from "./headers.ts";

/** As what a request resolves to the body of the answer. */
export type BodyKind = "text" | "json" | "bytes" | "stream";

/**
 * The parameters of an HTTP request.
 *
 * @example
 * ```ts
 * import type { HttpParams } from "jsr:@copas/copas/http";
 *
 * const params: HttpParams = {
 *   url: "https://example.com/notes",
 *   method: "POST",
 *   headers: { "content-type": "application/json" },
 *   source: JSON.stringify({ text: "Hello" }),
 *   timeout: { connect: 5, receive: 30 },
 * };
 * ```
 */
export interface HttpParams extends CommonParams {
  /** The address of what is asked for; it begins with `http://` or `https://`. A user and a password in it are sent as Basic authorization. */
  url: string | URL;
  /** The method. Default: `"GET"`, with a `source` as well, as in LuaSocket. */
  method?: string;
  /** Headers to send. One that a request has by itself is replaced. Default: none. */
  headers?: HeadersLike;
  /** The body to send. Text and bytes are sent with their length, a stream in chunks unless `headers` have a content-length. Default: none. */
  source?: Source;
  /** The stream or function that takes the body of the answer. Default: the body is dropped. */
  sink?: Sink;
  /** The request calls it with each chunk of a body, sent or received, and how many bytes it was so far. Default: none. */
  step?: Step;
  /** `true`: a GET or HEAD without a `source` follows redirects, but not from https to http. `"all"`: it follows those as well. `"standard"`: a request of any method follows them, 308 as well, as browsers do: after a 303, and a 301 or 302 to a POST, by GET without the body; after a 307 or 308 with its method and body, unless that is a stream. `false`: the redirect is the answer. Default: `true`. */
  redirect?: boolean | "all" | "standard";
  /** How many redirects the request follows; the next one is the answer. `false`: no limit. Default: 5. */
  maxredirects?: number | false;
  /** The proxy to connect to: `http://host:port` (without a port, 3128), `https://host:port` (443), or `socks5://host:port` (1080; the proxy looks names up, as with `socks5h://`). A user and a password in it are for the proxy. Default: none; the environment is not read. */
  proxy?: string | URL;
  /** The longest body of an answer, in bytes; a longer one is a `TooLongError`. Default: no limit. */
  maxbody?: number;
  /** `"text"`, `"json"` or `"bytes"`: the request resolves to the body in place of 1, and it may have 64 MiB unless `maxbody` says otherwise. A body that is no JSON is a `SyntaxError`. `"stream"`: it resolves to a `ReadableStream` of the body when the head has come; see {@linkcode BodyTypes}. Default: the body goes to the `sink`. */
  as?: BodyKind;
  /** A value to send as JSON, in place of a `source`. Default: none. */
  json?: unknown;
  /** The request calls it with the head of the final answer, before the body, and awaits what it returns. If that is `false`, the request resolves without the body, which it does not read; a stream that is its `sink` is aborted. Default: none. */
  onhead?: (
    code: number,
    headers: ResponseHeaders,
    status: string,
  ) => unknown;
  /** Whether the request asks for a compressed body and decompresses it. `maxbody` and `step` then count what comes out. A request with an `Accept-Encoding` or `Range` of its own does neither. Default: `true`. */
  decompress?: boolean;
  /** Seconds for the whole request, redirects included, with `as: "stream"` up to the head of the answer; when they have passed, it is a `TimeoutError`. Default: no limit. */
  totaltimeout?: number;
  /** What to ask the server for, in place of the path and query of `url`: printable ASCII without spaces. Default: path and query of `url`. */
  uri?: string;
}

/** A request that has been checked. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Map<string, [name: string, value: string]>;
  readonly content?: Content;
  readonly step?: Step;
  readonly redirect: boolean | "all" | "standard";
  readonly maxredirects: number;
  readonly timeouts: Timeouts;
  readonly proxy?: URL;
  readonly sslparams: SslParams | SslParamsSource;
  readonly signal?: AbortSignal;
  readonly maxbody: number;
  readonly uri?: string;
  readonly onhead?: HttpParams["onhead"];
  readonly decompress: boolean;
  readonly totaltimeout: number;
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
  "as",
  "json",
  "onhead",
  "decompress",
  "totaltimeout",
] as const;
const REDIRECTS = [true, false, "all", "standard"];
const MAX_REDIRECTS = 5;
/** The longest body that is returned, unless the caller says otherwise: that of `receive("*a")`. */
export const MAX_RETURNED: number = 64 * 1024 * 1024;
const RETURNED: unknown[] = ["text", "json", "bytes"];
/** By the scheme of a proxy, its port where none is given. */
const PROXY_PORTS: Record<string, string> = {
  "http:": "3128",
  "https:": "443",
  "socks5:": "1080",
  "socks5h:": "1080",
};

/**
 * Checks the parameters of a request.
 *
 * @param call names the call in the message of an error: `"request()"`
 * @param maxbody bytes, where the parameters have no `maxbody`. Default: no limit
 * @throws {TypeError} when a parameter is unknown or of the wrong type
 * @throws {RangeError} when a number is out of range
 */
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
    throw wrongType(
      call,
      "redirect",
      'true, false, "all" or "standard"',
      redirect,
    );
  }
  if (maxredirects !== false) {
    checkInteger(call, "maxredirects", maxredirects, 0);
  }
  if (step !== undefined) checkFunction(call, "step", step);
  if (params.maxbody !== undefined) {
    checkInteger(call, "maxbody", params.maxbody, 0);
  }
  if (uri !== undefined) checkUri(call, uri);
  const { method = "GET", onhead, totaltimeout = Infinity } = params;
  checkMethod(call, method);
  if (onhead !== undefined) checkFunction(call, "onhead", onhead);
  checkSeconds(call, "the total timeout", totaltimeout);
  checkBody(call, params);
  const content = contentOf(call, params);
  const headers = readHeaders(call, params.headers ?? {}, content);
  const ownEncoding = headers.has("accept-encoding") || headers.has("range");
  return {
    onhead,
    decompress: params.decompress !== false && !ownEncoding,
    totaltimeout: totaltimeout < 0 ? Infinity : totaltimeout,
    url,
    method,
    headers,
    content,
    step,
    redirect,
    maxredirects: maxredirects === false ? Infinity : maxredirects,
    timeouts: readTimeouts(call, params.timeout),
    proxy: readProxy(call, params.proxy),
    sslparams: params.sslparams ?? {},
    signal: params.signal,
    maxbody: params.maxbody ??
      (RETURNED.includes(params.as) ? MAX_RETURNED : maxbody),
    uri,
  };
}

const KINDS = [undefined, "text", "json", "bytes", "stream"];

function checkBody(call: string, params: HttpParams): void {
  const { as, sink, decompress } = params;
  if (!KINDS.includes(as)) {
    throw wrongType(call, "as", '"text", "json", "bytes" or "stream"', as);
  }
  if (as !== undefined && sink !== undefined) {
    throw new TypeError(`${call}: as and sink can't be given together`);
  }
  if (decompress !== undefined && typeof decompress !== "boolean") {
    throw wrongType(call, "decompress", "true or false", decompress);
  }
}

function contentOf(call: string, params: HttpParams): Content | undefined {
  const { source, json } = params;
  if (json === undefined) {
    return source === undefined ? undefined : readSource(call, source);
  }
  if (source !== undefined) {
    throw new TypeError(`${call}: json and source can't be given together`);
  }
  const text = JSON.stringify(json);
  if (text === undefined) {
    throw wrongType(call, "json", "a value that JSON has", json);
  }
  return { ...readSource(call, text), type: "application/json" };
}

function checkUri(call: string, uri: string): void {
  checkOneLine(call, "the uri", uri);
  if (!/^[\x21-\x7e]+$/.test(uri)) {
    const expected = "printable ASCII without spaces; escape the rest";
    // Not shown: its query may be a secret.
    throw new TypeError(`${call}: the uri must be ${expected}`);
  }
}

function readProxy(call: string, proxy?: string | URL): URL | undefined {
  if (proxy === undefined) return undefined;
  const url = readUrl(`${call}: proxy`, proxy, Object.keys(PROXY_PORTS));
  const text = String(proxy);
  // URL drops the default port of a scheme, so only the text tells whether the caller gave one.
  const isGiven = /^[a-z0-9]+:\/\/(?:[^/@]*@)?[^/]*:\d+(?:[/?#]|$)/i.test(text);
  if (url.port === "" && !isGiven) url.port = PROXY_PORTS[url.protocol];
  return url;
}
