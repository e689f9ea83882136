/**
 * The options of a server: what they are, what they may be, and which of them
 * a server in workers has as well. `addserver` and `addworkers` read them here.
 *
 * @module
 */

import {
  checkSeconds,
  checkString,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { checkLimits, type Limits } from "../socket/limits.ts";
import { type ProxyProtocolOptions, readProxyOptions } from "./proxy_gate.ts";
import { checkLinger, type LingerOptions } from "../socket/linger.ts";

/** How a server serves. */
export interface ServerOptions extends Limits, LingerOptions {
  /** Seconds that a connect, send or receive of an accepted socket may take; a negative number is no limit. Default: no limit. */
  timeout?: number;
  /** The server's name. Its connections are `NAME:client_1`, their threads `NAME:handler_1`, and so on. Default: a name that tells the address. */
  name?: string;
  /** How many connections are served at once; more wait in the system's backlog. Handshakes of `Deno.listenTls` that were given up count until their peers act. Default: no limit. */
  maxConnections?: number;
  /** The proxies that tell the server who its clients are, by the PROXY protocol. Default: there are none, and no header is read. */
  proxyProtocol?: ProxyProtocolOptions;
}

/** The names of all options. The type makes sure that none is missing. */
export const SERVER_KEYS: readonly (keyof ServerOptions)[] = Object.keys(
  {
    timeout: true,
    name: true,
    maxConnections: true,
    maxline: true,
    maxbody: true,
    linger: true,
    lingeralways: true,
    proxyProtocol: true,
  } satisfies Record<keyof ServerOptions, true>,
) as (keyof ServerOptions)[];

/**
 * Reads the third and fourth argument of `addserver`: a timeout or options,
 * and a name.
 */
export function readServerOptions(
  call: string,
  timeout?: number | ServerOptions,
  name?: string,
): ServerOptions {
  if (timeout === null) {
    const expected = "a number of seconds or an object of options";
    throw wrongType(call, "the timeout", expected, timeout);
  }
  const options = typeof timeout === "object" ? { ...timeout } : { timeout };
  if (name !== undefined) options.name = name;
  checkKeys(call, "the options", options, SERVER_KEYS);
  checkServerOptions(call, options);
  return options;
}

/** The options of the server among `given`, checked: what workers are told of it. */
export function pickServerOptions(
  call: string,
  given: ServerOptions,
): ServerOptions {
  const options = Object.fromEntries(
    SERVER_KEYS.filter((key) => given[key] !== undefined).map((key) => [
      key,
      given[key],
    ]),
  ) as ServerOptions;
  checkServerOptions(call, options);
  return options;
}

function checkServerOptions(call: string, options: ServerOptions): void {
  if (options.timeout !== undefined) {
    checkSeconds(call, "the timeout", options.timeout);
  }
  if (options.name !== undefined) checkString(call, "the name", options.name);
  checkMaxConnections(call, options.maxConnections);
  if (options.proxyProtocol !== undefined) {
    readProxyOptions(call, options.proxyProtocol);
  }
  checkLimits(call, options);
  checkLinger(call, options);
}

function checkMaxConnections(call: string, value: unknown): void {
  if (value === undefined || value === Infinity) return;
  const expected = "a whole number, 1 or more, or Infinity";
  if (typeof value !== "number") {
    throw wrongType(call, "maxConnections", expected, value);
  }
  if (!Number.isSafeInteger(value) || value < 1) {
    throw outOfRange(call, "maxConnections", expected, value);
  }
}
