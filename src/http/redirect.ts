/**
 * Redirects, by the rules of Copas: which are followed, and what of the request
 * goes along.
 *
 * @module
 */

import type { SslParams, SslParamsSource } from "../tls/params.ts";
import { nameOf, userOf } from "../requests/parameters.ts";
import { ReplyError } from "../requests/reply_error.ts";
import type { ResponseHeaders } from "./headers.ts";
import type { HttpRequest } from "./params.ts";

/** Those of Copas, the default. 308 is not among them: it would repeat a request that changes something at another server, and the caller has not agreed to that. */
const CODES = [301, 302, 303, 307];
const METHODS = ["GET", "HEAD"];

/** What must not get to another server. `Proxy-Authorization` is for the proxy, which stays, and never gets to a server. */
const CREDENTIALS = ["authorization", "cookie", "host"];

/**
 * The request that a redirect asks for, or `undefined` where the answer is not
 * to be followed.
 *
 * @param followed how many have been followed already
 * @throws {ReplyError} when it leads from https to http, or to no URL of HTTP
 */
export function redirected(
  request: HttpRequest,
  code: number,
  headers: ResponseHeaders,
  followed: number,
): HttpRequest | undefined {
  const location = headers.location === undefined ? "" : locationOf(headers);
  if (
    request.redirect === false || location === "" ||
    followed >= request.maxredirects
  ) return undefined;
  const again = request.redirect === "standard"
    ? standard(request, code)
    : byCopas(request, code);
  return again && redirectedTo(location, again, code);
}

function byCopas(request: HttpRequest, code: number): HttpRequest | undefined {
  const isOnlyAsked = METHODS.includes(request.method) &&
    request.content === undefined;
  return CODES.includes(code) && isOnlyAsked ? request : undefined;
}

/** By RFC 9110, as every browser and `fetch`. */
function standard(request: HttpRequest, code: number): HttpRequest | undefined {
  const { method, content } = request;
  const isGet = (code === 303 && !METHODS.includes(method)) ||
    ([301, 302].includes(code) && method.toUpperCase() === "POST");
  if (isGet) {
    const headers = new Map(request.headers);
    for (const name of headers.keys()) {
      if (/^(content-|transfer-encoding$)/.test(name)) headers.delete(name);
    }
    return { ...request, method: "GET", content: undefined, headers };
  }
  const mayRepeat = content === undefined || content.isLasting === true;
  return [...CODES, 308].includes(code) && mayRepeat ? request : undefined;
}

function redirectedTo(
  location: string,
  request: HttpRequest,
  code: number,
): HttpRequest {
  const { url } = request;
  const next = URL.parse(location, url);
  const refuse = (why: string) => new ReplyError(why, { reply: code });
  if (next === null) throw refuse("the server redirects to what is no URL");
  if (next.protocol !== "http:" && next.protocol !== "https:") {
    throw refuse(`redirect to ${next.protocol} refused; only http and https`);
  }
  if (!hasSendableUser(next)) {
    throw refuse(
      "the server redirects to a user or password that can't be sent",
    );
  }
  const isDowngrade = url.protocol === "https:" && next.protocol === "http:";
  if (isDowngrade && request.redirect !== "all") {
    throw refuse(
      `insecure redirect from https to ${
        nameOf(next)
      } refused; redirect: "all" permits it`,
    );
  }
  if (next.origin === url.origin) {
    if (next.username === "" && next.password === "") {
      next.username = url.username;
      next.password = url.password;
    }
    return { ...request, url: next, uri: undefined };
  }
  const kept = new Map(request.headers);
  CREDENTIALS.forEach((name) => kept.delete(name));
  const sslparams = withoutIdentity(request.sslparams);
  return { ...request, url: next, uri: undefined, headers: kept, sslparams };
}

/** Whether what a URL has of user and password can be sent. It is the server's mistake, not the caller's. */
function hasSendableUser(url: URL): boolean {
  try {
    userOf("request()", url);
    return true;
  } catch {
    return false;
  }
}

/** Where it leads. Node reads headers as Latin-1; what is UTF-8 was meant so. */
function locationOf({ location = "" }: ResponseHeaders): string {
  const bytes = Uint8Array.from(location, (each) => each.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
  } catch {
    return location.trim();
  }
}

/** Keeps the authorities; drops the client's certificate, and the first server's name. */
export function withoutIdentity(
  given: SslParams | SslParamsSource,
): SslParams | SslParamsSource {
  if (typeof given === "function") {
    return async () => strip(await given());
  }
  return strip(given);
}

function strip(params: SslParams): SslParams {
  const { cert: _cert, key: _key, servername: _name, ...rest } = params;
  return rest;
}
