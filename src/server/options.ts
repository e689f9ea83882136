/**
 * The options of a server: what they are, what they may be, and which of them
 * a server in workers has as well. `addserver` and `addworkers` read them here.
 *
 * @module
 */

import {
  checkDelay,
  checkSeconds,
  checkString,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { IpList } from "../net/ip_list.ts";
import type { HandshakeOptions } from "../socket/timeouts.ts";
import { checkWatchLimits, type WatchLimits } from "../socket/watch_limits.ts";
import { type AcceptRate, checkAcceptRate } from "./accept_rate.ts";
import { checkLimits, type Limits } from "../socket/limits.ts";
import { type ProxyProtocolOptions, readProxyOptions } from "./proxy_gate.ts";
import { checkLinger, type LingerOptions } from "../socket/linger.ts";

/** The limits of a server. They can be changed while it runs: `server.limits`. */
export interface ServerLimits extends Limits, WatchLimits, HandshakeOptions {
  /** How many connections are served at once; `overflow` says what happens to more. Handshakes of `Deno.listenTls` that were given up count until their peers act. Default: no limit. */
  maxConnections?: number;
  /** How many connections one address may have at once; the /64 network of an IPv6 address counts as one. More are refused. Default: no limit. */
  maxPerAddress?: number;
  /**
   * What happens to a connection that there is no place for. `"wait"`: beyond
   * `maxConnections` it waits in the system's backlog. `"close"`: it is closed.
   * Any other text, or bytes: they are sent before it is closed, in plain text;
   * a connection that TLS is expected on is closed without them. One that
   * another limit refuses never waits. Default: `"wait"`.
   */
  overflow?: "wait" | "close" | string | Uint8Array;
  /**
   * How many bytes all connections of the server may keep waiting in memory,
   * unfinished lines and unread answers for example. A connection that asks for
   * more waits; at twice the number, and when connections have waited for five
   * seconds, the one that holds most is closed. Default: no limit but that of
   * the dispatcher, 256 MiB (`new Copas({ maxbuffered })`).
   */
  maxbuffered?: number;
  /** How often one address may connect: a bucket of `burst` tokens, which fills with `rate` tokens a second. Default: no limit. */
  acceptrate?: AcceptRate;
  /** Only these addresses are served: `"192.0.2.1"`, `"10.0.0.0/8"`, `"2001:db8::/32"`. Others are closed, and nothing is sent to them. Default: all. */
  allow?: readonly string[];
  /** These addresses are not served, even those in `allow`. They are closed, and nothing is sent to them. Default: none. */
  deny?: readonly string[];
}

/** How a server serves. */
export interface ServerOptions extends ServerLimits, LingerOptions {
  /** Seconds that a connect, send or receive of an accepted socket may take; a negative number is no limit. Default: no limit. */
  timeout?: number;
  /** The server's name. Its connections are `NAME:client_1`, their threads `NAME:handler_1`, and so on. Default: a name that tells the address. */
  name?: string;
  /** The proxies that tell the server who its clients are, by the PROXY protocol; limits by address hold for the addresses that they tell. Default: there are none, and no header is read. */
  proxyProtocol?: ProxyProtocolOptions;
}

/** The names of all limits. The type makes sure that none is missing. */
export const LIMIT_KEYS: readonly (keyof ServerLimits)[] = Object.keys(
  {
    maxConnections: true,
    maxline: true,
    maxbody: true,
    idletimeout: true,
    lifetime: true,
    mininput: true,
    handshaketimeout: true,
    maxbuffered: true,
    maxPerAddress: true,
    overflow: true,
    acceptrate: true,
    allow: true,
    deny: true,
  } satisfies Record<keyof ServerLimits, true>,
) as (keyof ServerLimits)[];

/** The names of all options. The type makes sure that none is missing. */
export const SERVER_KEYS: readonly (keyof ServerOptions)[] = [
  ...Object.keys(
    {
      timeout: true,
      name: true,
      linger: true,
      lingeralways: true,
      proxyProtocol: true,
    } satisfies Record<
      Exclude<keyof ServerOptions, keyof ServerLimits>,
      true
    >,
  ) as (keyof ServerOptions)[],
  ...LIMIT_KEYS,
];

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
  if (options.proxyProtocol !== undefined) {
    readProxyOptions(call, options.proxyProtocol);
  }
  checkLinger(call, options);
  checkLimitValues(call, options);
}

/** Refuses limits of the wrong type or out of range. */
export function checkServerLimits(call: string, limits: ServerLimits): void {
  checkKeys(call, "the limits", limits, LIMIT_KEYS);
  checkLimitValues(call, limits);
}

function checkLimitValues(call: string, limits: ServerLimits): void {
  checkNumber(call, "maxConnections", limits.maxConnections);
  checkNumber(call, "maxPerAddress", limits.maxPerAddress);
  checkNumber(call, "maxbuffered", limits.maxbuffered);
  checkLimits(call, limits);
  checkWatchLimits(call, limits);
  checkAcceptRate(call, limits.acceptrate);
  const { handshaketimeout, overflow, allow, deny } = limits;
  if (handshaketimeout !== undefined) {
    checkDelay(call, "handshaketimeout", handshaketimeout);
  }
  if (allow !== undefined) new IpList(call, "allow", allow);
  if (deny !== undefined) new IpList(call, "deny", deny);
  if (
    overflow === undefined || typeof overflow === "string" ||
    overflow instanceof Uint8Array
  ) return;
  const expected = '"wait", "close", or a text or bytes to send';
  throw wrongType(call, "overflow", expected, overflow);
}

/** Refuses limits that have no effect, because the clients of a Unix socket have no addresses, and no proxy tells them. */
export function checkHasAddresses(
  call: string,
  addr: Deno.Addr,
  limits: ServerOptions,
): void {
  if ("hostname" in addr || limits.proxyProtocol !== undefined) return;
  const keys = ["maxPerAddress", "acceptrate", "allow", "deny"] as const;
  const key = keys.find((key) => limits[key] !== undefined);
  if (key === undefined) return;
  throw new TypeError(
    `${call}: ${key} is about addresses, and the clients of a Unix socket have none`,
  );
}

function checkNumber(call: string, name: string, value: unknown): void {
  if (value === undefined || value === Infinity) return;
  const expected = "a whole number, 1 or more, or Infinity";
  if (typeof value !== "number") {
    throw wrongType(call, name, expected, value);
  }
  if (!Number.isSafeInteger(value) || value < 1) {
    throw outOfRange(call, name, expected, value);
  }
}
