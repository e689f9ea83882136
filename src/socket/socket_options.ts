/**
 * What a stream socket is made with, and how the second argument of `wrap` is
 * read.
 *
 * @module
 */

import { checkLimits, type Limits } from "./limits.ts";
import { checkLinger, type LingerOptions } from "./linger.ts";
import type { Timeouts } from "./timeouts.ts";
import {
  checkSslParams,
  type SslParams,
  type SslParamsSource,
} from "../tls/params.ts";

/** What a socket is made with. */
export interface StreamSocketOptions extends Limits, LingerOptions {
  /** Its name. An object is asked with `toString()` when the name is used for the first time. Default: one that tells the address. */
  name?: string | { toString(): string };
  /** Its timeouts, in seconds. Default: no limits. */
  timeouts?: Timeouts;
  /** How it is secured: by `connect` as part of connecting, or by `dohandshake`. */
  sslparams?: SslParams | SslParamsSource;
}

const KEYS = [
  "name",
  "timeouts",
  "maxline",
  "maxbody",
  "linger",
  "sslparams",
];

/**
 * Reads what the caller gave: `sslparams`, or options of which they are one. It
 * is options if it has a key of theirs.
 *
 * @param call names the call in the message of an error
 */
export function readSocketOptions(
  call: string,
  given: unknown,
): StreamSocketOptions | undefined {
  if (given === undefined) return undefined;
  const keys = typeof given === "object" && given !== null
    ? Object.keys(given)
    : [];
  if (!keys.some((key) => KEYS.includes(key))) {
    checkSslParams(call, given);
    return { sslparams: given };
  }
  const unknown = keys.find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(
      `${call}: the options have no key ${unknown}; they have ${
        KEYS.join(", ")
      }, and what belongs to TLS goes into sslparams`,
    );
  }
  const options = given as StreamSocketOptions;
  checkLimits(call, options);
  checkLinger(call, options);
  if (options.sslparams !== undefined) checkSslParams(call, options.sslparams);
  return options;
}
