/**
 * The parameters that the requests of http, ftp and smtp have in common:
 * timeouts, URLs, and the check that text has no line break, which would add a
 * line to the protocol.
 *
 * @module
 */

import { checkSeconds, show, wrongType } from "../errors/arguments.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import { checkSslParams } from "../tls/params.ts";
import type { Timeouts } from "../socket/timeouts.ts";

/** Seconds for the phases of a request. Each limits one call of a socket, not the whole request. `Infinity` or a negative number: no limit. */
export interface RequestTimeouts {
  /** Seconds to connect, TLS included. Default: 60. */
  connect?: number;
  /** Seconds until the server takes what was sent. Default: 60. */
  send?: number;
  /** Seconds until more of the answer arrives. Default: 60. */
  receive?: number;
}

/** The parameters that every request has. */
export interface CommonParams {
  /** Seconds that one call of a socket may take: a number for all phases, or an object with one for each. `Infinity` or a negative number: no limit. Default: 60. */
  timeout?: number | RequestTimeouts;
  /** Ends the request with a `CancelledError` when it aborts. Default: none. */
  signal?: AbortSignal;
  /** How TLS verifies the server and identifies the client, where the request has TLS: `caCerts`, `cert`, `key`. Default: Deno's authorities, and no client certificate. */
  sslparams?: SslParams | SslParamsSource;
}

const PHASES = ["connect", "send", "receive"] as const;
const DEFAULT_SECONDS = 60;

/**
 * Refuses parameters that are not an object, or that have an unknown key.
 *
 * @throws {TypeError} when they do
 */
export function checkKeys(
  call: string,
  params: unknown,
  keys: readonly string[],
): void {
  if (typeof params !== "object" || params === null || Array.isArray(params)) {
    throw wrongType(call, "the parameters", "a URL or an object", params);
  }
  const unknown = Object.keys(params).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `${call}: the parameters have no key ${show(unknown)}; they have ${
        keys.join(", ")
      }`,
    );
  }
}

/**
 * Checks `signal` and `sslparams`.
 *
 * @throws {TypeError} when one is of the wrong type
 */
export function checkCommon(call: string, params: CommonParams): void {
  const { signal, sslparams } = params;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongType(call, "the signal", "an AbortSignal", signal);
  }
  if (sslparams !== undefined) checkSslParams(call, sslparams, "client");
}

/**
 * Reads the timeouts of the request's sockets.
 *
 * @param given seconds. Default: 60
 * @throws {TypeError} when it is neither a number nor an object of phases
 * @throws {RangeError} when one is `NaN`
 */
export function readTimeouts(
  call: string,
  given: number | RequestTimeouts = DEFAULT_SECONDS,
): Timeouts {
  const all: RequestTimeouts = {};
  if (typeof given === "number") {
    for (const phase of PHASES) all[phase] = given;
  } else if (typeof given === "object" && given !== null) {
    Object.assign(all, given);
  } else {
    throw wrongType(call, "the timeout", "a number or an object", given);
  }
  for (const [name, seconds] of Object.entries(all)) {
    if (!PHASES.includes(name as keyof Timeouts)) {
      throw new TypeError(
        `${call}: ${
          show(name)
        } is not a valid timeout option; valid are "connect", "send" and "receive"`,
      );
    }
    if (seconds === undefined) continue;
    checkSeconds(call, `the ${name} timeout`, seconds);
  }
  const limit = (seconds = DEFAULT_SECONDS) => seconds < 0 ? Infinity : seconds;
  return {
    connect: limit(all.connect),
    send: limit(all.send),
    receive: limit(all.receive),
  };
}

/**
 * Refuses text with a line break: it would add a line to what is sent. The
 * message does not show the text, which may be a password.
 *
 * @throws {TypeError} when it is not a string, or has a CR, LF or NUL
 */
export function checkOneLine(call: string, name: string, text: unknown): void {
  if (typeof text !== "string") throw wrongType(call, name, "a string", text);
  if (/[\r\n\0]/.test(text)) {
    throw new TypeError(
      `${call}: ${name} has a CR, LF or NUL in it; it must be one line`,
    );
  }
}

/**
 * Reads a URL. A line break in it is refused, because `URL` would drop it
 * without an error.
 *
 * @param protocols with a colon: `["http:", "https:"]`
 * @throws {TypeError} when it is not a URL of one of the protocols
 */
export function readUrl(
  call: string,
  given: string | URL,
  protocols: string[],
): URL {
  const text = given instanceof URL ? given.href : given;
  checkOneLine(call, "the url", text);
  const url = URL.parse(text);
  const expected = protocols.map((name) => `${name}//`).join(" or ");
  if (url === null) {
    throw new TypeError(
      `${call}: the url must be one that begins with ${expected}, got ${
        schemeOf(text)
      }`,
    );
  }
  if (!protocols.includes(url.protocol) || url.hostname === "") {
    throw new TypeError(
      `${call}: the url must begin with ${expected}, got one that begins with "${url.protocol}"`,
    );
  }
  return url;
}

/** What can be shown of text that is no URL: anything but the scheme may be a password. */
function schemeOf(text: string): string {
  const scheme = /^\s*([a-z][a-z0-9+.-]*:\/\/)/i.exec(text)?.[1];
  return scheme === undefined
    ? "text that does not begin so"
    : `${show(scheme)} and what is no host, port or path after it`;
}

/** Writes a URL for a message: without user, password and query, which may be a secret. */
export function nameOf(url: URL): string {
  const query = url.search === "" ? "" : "?…";
  return `${url.protocol}//${url.host}${url.pathname}${query}`;
}

/** Gives the host of a URL as a socket takes it: an IPv6 address without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/**
 * Reads user and password of a URL, and unescapes them. Gives `undefined` when
 * it has neither.
 *
 * @throws {TypeError} when they are not well escaped, or have a line break
 */
export function userOf(
  call: string,
  url: URL,
): { user: string; password: string } | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const user = unescape(call, "the user in the url", url.username);
  return { user, password: unescape(call, "the password", url.password) };
}

/**
 * Unescapes text of a URL.
 *
 * @throws {TypeError} when it is not well escaped, or has a line break
 */
export function unescape(call: string, name: string, text: string): string {
  let plain;
  try {
    plain = decodeURIComponent(text);
  } catch {
    throw new TypeError(`${call}: ${name} is not well escaped; use %25 for %`);
  }
  checkOneLine(call, name, plain);
  return plain;
}
