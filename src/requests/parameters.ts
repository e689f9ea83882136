/**
 * What the three modules of requests have in common: timeouts, URLs, and the
 * check that no text smuggles in a line of its own.
 *
 * @module
 */

import { checkSeconds, show, wrongType } from "../errors/arguments.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import { checkSslParams } from "../tls/params.ts";
import type { Timeouts } from "../socket/timeouts.ts";

/** Seconds for the phases of a request. Each holds for one call of a socket, not for the whole request. */
export interface RequestTimeouts {
  /** To connect, TLS included. Default: 60. */
  connect?: number;
  /** Until the server takes what is sent. Default: 60. */
  send?: number;
  /** Until the server says something more. Default: 60. */
  receive?: number;
}

/** What every request takes. */
export interface CommonParams {
  /** Seconds that each call of a socket may take: one number, or one for each phase. `Infinity` or a negative number: no limit. Default: 60. */
  timeout?: number | RequestTimeouts;
  /** Ends the request with a `CancelledError` when it aborts. */
  signal?: AbortSignal;
  /** How TLS is done where the request has it: private authorities, a client certificate. */
  sslparams?: SslParams | SslParamsSource;
}

const PHASES = ["connect", "send", "receive"] as const;
const DEFAULT_SECONDS = 60;

/** Refuses what is no object of parameters, or has a key that is unknown. */
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

/** Refuses wrong ones among the parameters that all requests have. */
export function checkCommon(call: string, params: CommonParams): void {
  const { signal, sslparams } = params;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongType(call, "the signal", "an AbortSignal", signal);
  }
  if (sslparams !== undefined) checkSslParams(call, sslparams, "client");
}

/** The timeouts of the request's sockets. */
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

/** Refuses text that would begin a line of its own in what is sent. The text is not shown: it may be a password. */
export function checkOneLine(call: string, name: string, text: unknown): void {
  if (typeof text !== "string") throw wrongType(call, name, "a string", text);
  if (/[\r\n\0]/.test(text)) {
    throw new TypeError(
      `${call}: ${name} has a CR, LF or NUL in it; it must be one line`,
    );
  }
}

/** Reads a URL. `URL` would drop a line break silently. */
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
        show(withoutPassword(text))
      }`,
    );
  }
  if (!protocols.includes(url.protocol) || url.hostname === "") {
    throw new TypeError(
      `${call}: the url must begin with ${expected}, got ${show(nameOf(url))}`,
    );
  }
  return url;
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/]*@/, "//");
}

/** The URL as messages show it: without user and password. */
export function nameOf(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search}`;
}

/** The host as a socket takes it. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** User and password of a URL, as they were before they were escaped. */
export function userOf(
  call: string,
  url: URL,
): { user: string; password: string } | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const user = unescape(call, "the user in the url", url.username);
  return { user, password: unescape(call, "the password", url.password) };
}

/** Text of a URL without its percent signs, on one line. */
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
