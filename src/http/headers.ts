/**
 * The headers of requests and answers.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import type { Content } from "../requests/content.ts";
import { userOf } from "../requests/parameters.ts";

/** Headers as the caller gives them. */
export type HeadersLike = Headers | Record<string, string | number>;

/** The headers of an answer, their names in lower case. Several of one name are joined by `", "`. */
export type ResponseHeaders = Record<string, string>;

/** Headers by their names in lower case, each with the name as it is sent. */
export type HeaderMap = Map<string, [name: string, value: string]>;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Refuses what is no method that a request can have. */
export function checkMethod(call: string, method: unknown): void {
  if (typeof method !== "string" || !TOKEN.test(method)) {
    throw wrongType(call, "the method", "an HTTP method", method);
  }
  // Node sends it in capitals.
  if (method.toUpperCase() === "CONNECT") {
    throw new TypeError(
      `${call}: the method CONNECT is for proxies; give proxy instead`,
    );
  }
}

/** Reads the caller's headers. A value is never shown: it may be a secret. */
export function readHeaders(
  call: string,
  given: HeadersLike,
  content: Content | undefined,
): HeaderMap {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw wrongType(call, "the headers", "an object or Headers", given);
  }
  const headers: HeaderMap = new Map();
  const entries = given instanceof Headers
    ? given.entries()
    : Object.entries(given);
  for (const [name, value] of entries) {
    if (!TOKEN.test(name)) {
      throw wrongType(call, "a header's name", "a token of HTTP", name);
    }
    if (typeof value !== "string" && typeof value !== "number") {
      const expected = "a string or a number";
      throw wrongType(call, `the header ${name}`, expected, typeof value);
    }
    if (!VALUE.test(String(value))) {
      throw new TypeError(
        `${call}: the header ${name} has a line break or another character that a header can't have`,
      );
    }
    headers.set(name.toLowerCase(), [name, String(value)]);
  }
  checkFraming(call, headers, content);
  return headers;
}

/** Refuses headers that say something else about the body than what will be sent. */
function checkFraming(
  call: string,
  headers: HeaderMap,
  content: Content | undefined,
): void {
  const length = headers.get("content-length")?.[1];
  const encoding = headers.get("transfer-encoding")?.[1];
  if (encoding !== undefined) {
    if (encoding.toLowerCase() === "chunked" && length === undefined) return;
    throw new TypeError(
      `${call}: the header transfer-encoding can only be "chunked", without a content-length`,
    );
  }
  if (length === undefined) return;
  const has = content === undefined ? 0 : content.length;
  if (
    !/^\d{1,15}$/.test(length) || Number(length) !== (has ?? Number(length))
  ) {
    throw new TypeError(
      `${call}: the header content-length is ${
        JSON.stringify(length)
      }, the source has ${has ?? "an unknown number of"} bytes`,
    );
  }
}

/** All headers of a request to `url`, as they are sent. */
export function requestHeaders(
  call: string,
  url: URL,
  own: HeaderMap,
  content: Content | undefined,
  isKept: boolean,
): HeaderMap {
  const headers: HeaderMap = new Map();
  const set = (name: string, value: string) =>
    headers.set(name.toLowerCase(), [name, value]);
  set("Host", url.host);
  set("User-Agent", "Copas for Deno");
  set("Connection", isKept ? "keep-alive, TE" : "close, TE");
  set("TE", "trailers");
  const user = userOf(call, url);
  if (user !== undefined) set("Authorization", basic(user));
  if (content !== undefined) {
    if (own.has("content-length") || own.has("transfer-encoding")) {
      // The caller has said how the body is framed.
    } else if (content.length === undefined) {
      set("Transfer-Encoding", "chunked");
    } else set("Content-Length", String(content.length));
    if (content.type !== undefined) set("Content-Type", content.type);
  }
  for (const [key, entry] of own) headers.set(key, entry);
  return headers;
}

/** The value of a Basic authorization. */
export function basic({ user, password }: {
  user: string;
  password: string;
}): string {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** An answer's headers from node's list of names and values. */
export function responseHeaders(raw: string[]): ResponseHeaders {
  const headers = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i].toLowerCase();
    const before = headers.get(name);
    headers.set(
      name,
      before === undefined ? raw[i + 1] : `${before}, ${raw[i + 1]}`,
    );
  }
  // Not by assignment: a header may be called __proto__.
  const made = Object.fromEntries(headers);
  const cookies = raw.filter((_, i) =>
    i % 2 === 1 && raw[i - 1].toLowerCase() === "set-cookie"
  );
  if (cookies.length > 0) cookiesOf.set(made, cookies);
  return made;
}

const cookiesOf = new WeakMap<ResponseHeaders, string[]>();

/**
 * Gives the `Set-Cookie` headers of an answer apart: joined by commas, as the
 * other headers are, they can't be told from the commas in their dates.
 *
 * @param headers the headers that `request` resolved to, not a copy of them
 * @returns one string for each cookie; none: an empty list
 *
 * @example
 * ```ts
 * import { getSetCookie, request } from "jsr:@copas/copas/http";
 *
 * const [, , headers] = await request("https://example.com/login", "user=me");
 * const cookie = getSetCookie(headers).map((each) => each.split(";")[0]);
 * await request({
 *   url: "https://example.com/",
 *   headers: { cookie: cookie.join("; ") },
 * });
 * ```
 */
export function getSetCookie(headers: ResponseHeaders): string[] {
  return [...cookiesOf.get(headers) ?? []];
}
