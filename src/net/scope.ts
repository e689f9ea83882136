/**
 * A network scope: the addresses that a part of a program may use.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import { parseIp, parseIpHost } from "./ip.ts";
import { isLoopback, isOwnAddress, isPublic } from "./public_address.ts";
import { type Host, parseEntry, parseName, type Rule } from "./rule.ts";

/** What an address is used for: peers connect to it, or the program connects or sends to it. */
export type Direction = "listen" | "connect";

/**
 * The addresses that a dispatcher, or a view of one, may use. A call on any
 * other address fails with a `ScopeError` before the system is asked.
 *
 * The entries are those of `--allow-net`:
 *
 * - `"example.com"`, `"example.com:443"`: that name, on all ports or on one;
 * - `"*.example.com:443"`: all names below it, and `example.com` itself;
 * - `"127.0.0.1"`, `"127.0.0.1:8080"`, `"[::1]:8080"`: that address;
 * - `"10.0.0.0/8"`, `"10.0.0.0/8:5432"`: a range of IPv4 addresses;
 * - `":8080"`: 0.0.0.0, 127.0.0.1 and localhost on that port;
 * - `"unix:/absolute/path"`: a Unix socket.
 *
 * One list is for listening and for connecting. With `{ listen, connect }`, a
 * list that is missing allows nothing. An entry that is none of these is a
 * `TypeError` of the call that was given the scope.
 *
 * A name that an entry allows may point into the public internet, and
 * `localhost` to this machine; to every other address only where an entry also
 * allows that address.
 *
 * @example One list
 * ```ts
 * import { Copas } from "jsr:@copas/copas";
 *
 * // The second entry lets the name point into the private network.
 * const copas = new Copas({ net: ["db.example.com:5432", "10.0.0.0/8:5432"] });
 * ```
 *
 * @example Listening and connecting apart
 * ```ts
 * import { Copas } from "jsr:@copas/copas";
 *
 * const copas = new Copas({
 *   net: { listen: ["127.0.0.1:8080"], connect: ["*.example.com:443"] },
 * });
 * ```
 */
export type NetScope =
  | readonly string[]
  | {
    /** The addresses to listen on. Default: none. */
    readonly listen?: readonly string[];
    /** The addresses to connect and send to. Default: none. */
    readonly connect?: readonly string[];
  };

/** The entries for one direction. */
export class Scope {
  readonly #rules: Rule[];

  /**
   * Reads the entries.
   *
   * @param call names the call that was given them, for errors
   * @throws {TypeError} when an entry is wrong
   */
  constructor(call: string, entries: readonly string[]) {
    this.#rules = entries.flatMap((entry) => parseEntry(call, entry));
  }

  /** Tells whether it allows an address as the caller has written it, just as `--allow-net` with these entries would. */
  allows(host: string, port: number): boolean {
    const parsed = parseHost(host);
    return parsed !== undefined &&
      this.#rules.some((rule) => rule.allows(parsed, port));
  }

  /**
   * Tells whether a name that it allows may point to `ip`. The name may point
   *
   * - into the public internet, but not to an address that this machine has,
   *   where that is known,
   * - to this machine if it is `localhost`,
   * - and to every other address only where another entry allows that address.
   *
   * The owner of a name decides in its DNS where it points. Without this check
   * the owner of an allowed name could make the program connect to the networks
   * that it runs in.
   */
  mayPointTo(ip: string, port: number, name: string): boolean {
    const parsed = parseIp(ip);
    if (parsed === undefined) return false;
    if (isPublic(parsed) && !isOwnAddress(parsed)) return true;
    if (isLoopback(parsed) && /(^|\.)localhost\.?$/i.test(name)) return true;
    return this.allows(ip, port);
  }
}

/**
 * Reads the `net` of a dispatcher or view.
 *
 * @param call names the call that was given it, for errors
 * @throws {TypeError} when it is not a {@linkcode NetScope}
 */
export function readScope(
  call: string,
  net: unknown,
): Record<Direction, Scope> {
  if (isList(net)) {
    const scope = new Scope(call, net);
    return { listen: scope, connect: scope };
  }
  const expected = "a list of entries, or { listen, connect } with one each";
  if (typeof net !== "object" || net === null) {
    throw wrongType(call, "net", expected, net);
  }
  const lists = net as Record<string, unknown>;
  for (const [key, list] of Object.entries(lists)) {
    if (key !== "listen" && key !== "connect") {
      throw new TypeError(`${call}: net has no key ${key}; it is ${expected}`);
    }
    if (list !== undefined && !isList(list)) {
      throw wrongType(call, `net.${key}`, "a list of entries", list);
    }
  }
  const { listen = [], connect = [] } = lists as Record<Direction, string[]>;
  return {
    listen: new Scope(call, listen),
    connect: new Scope(call, connect),
  };
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

/** Reads a host as rules take it. Gives `undefined` for one that no rule can allow. */
function parseHost(host: string): Host | undefined {
  if (/^(unix:\/|vsock:)/.test(host)) return host;
  return parseIpHost(host) ?? parseName(host);
}
