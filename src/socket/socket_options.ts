/**
 * What a stream socket is made with, and how the second argument of `wrap` is
 * read.
 *
 * @module
 */

import type { MemoryBudget } from "../core/memory_budget.ts";
import { wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { checkLimits, type Limits } from "./limits.ts";
import { checkLinger, type LingerOptions } from "./linger.ts";
import {
  checkTimeouts,
  type HandshakeOptions,
  type Timeouts,
} from "./timeouts.ts";
import type { WatchLimits } from "./watch_limits.ts";
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
  /**
   * Whether it speaks plain text until `dohandshake`. Without it, a socket that
   * has `sslparams` sends and receives nothing before its handshake. Default: `false`.
   */
  starttls?: boolean;
}

/** What a stream socket is made with, by a server among others. */
export interface StreamEndpointOptions
  extends StreamSocketOptions, WatchLimits, HandshakeOptions {
  /** Whether a server accepted its connection. */
  accepted?: boolean;
  /** The budget of its server. Default: that of the dispatcher. */
  memory?: MemoryBudget;
  /** Called when a limit in time, or of memory, closes the socket. */
  closedBy?: (limit: string) => void;
}

/** A name, or an object that makes one when a name is asked for. */
export type Name = string | { toString(): string };

/** The names of all options. The type makes sure that none is missing. */
const KEYS: readonly string[] = Object.keys(
  {
    name: true,
    timeouts: true,
    maxline: true,
    maxbody: true,
    linger: true,
    lingeralways: true,
    sslparams: true,
    starttls: true,
  } satisfies Record<keyof StreamSocketOptions, true>,
);

/**
 * Refuses options that no socket can be made with.
 *
 * @param call names the call in the message of an error
 */
export function checkSocketOptions(
  call: string,
  options: StreamSocketOptions | undefined,
): void {
  if (options === undefined) return;
  const hint = ", and what belongs to TLS goes into sslparams";
  checkKeys(call, "the options", options, KEYS, hint);
  const { name, timeouts, sslparams, starttls } = options;
  if (name !== undefined && typeof name !== "string") {
    if (typeof name !== "object" || name === null) {
      const expected = "a string, or an object with toString()";
      throw wrongType(call, "the name", expected, name);
    }
  }
  checkLimits(call, options);
  checkLinger(call, options);
  if (timeouts !== undefined) checkTimeouts(call, timeouts);
  if (sslparams !== undefined) checkSslParams(call, sslparams);
  if (starttls === undefined) return;
  if (typeof starttls !== "boolean") {
    throw wrongType(call, "starttls", "a boolean", starttls);
  }
  if (sslparams === undefined) {
    throw new TypeError(
      `${call}: starttls says when sslparams are used, and there are none; ` +
        "a socket without them speaks plain text until dohandshake(sslparams)",
    );
  }
}

/**
 * Reads what the caller of `wrap` gave: `sslparams`, or options of which they
 * are one. It is options if it has a key of theirs.
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
  checkSocketOptions(call, given as StreamSocketOptions);
  return given as StreamSocketOptions;
}

/**
 * Refuses options that come too late for a socket that is there: only how it is
 * secured can still be said.
 *
 * @param call names the call in the message of an error
 * @param socketName the socket's name
 */
export function checkLateOptions(
  call: string,
  options: StreamSocketOptions,
  socketName: string,
): void {
  const late = KEYS.find((key) =>
    key !== "sslparams" && key !== "starttls" &&
    options[key as keyof StreamSocketOptions] !== undefined
  );
  if (late === undefined) return;
  throw new TypeError(
    `${call}: ${socketName} is a Copas socket already, so ${late} would have no effect; ` +
      "give it when the connection is wrapped for the first time, or to the server",
  );
}
