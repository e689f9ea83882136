/**
 * A network scope: the addresses that a part of a program may use.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import { isLocal, isLoopback, parseIp, parseIpHost } from "./ip.ts";
import { type Host, parseEntry, parseName, type Rule } from "./rule.ts";

/** What an address is used for: to be reached there, or to reach somebody else. */
export type Direction = "listen" | "connect";

/**
 * The addresses that a dispatcher, or a view of one, may use. Entries are
 * written as for `--allow-net`: `"example.com"`, `"127.0.0.1:8080"`,
 * `"[::1]:8080"`, `"*.example.com:443"` (and `example.com` itself),
 * `"10.0.0.0/8"`, `":8080"` (0.0.0.0, 127.0.0.1 and localhost on that port),
 * `"unix:/absolute/path"`.
 *
 * One list holds for listening and for connecting. Given apart, a list that is
 * missing allows nothing.
 *
 * @example
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
    readonly listen?: readonly string[];
    readonly connect?: readonly string[];
  };

/** The entries for one direction. */
export class Scope {
  readonly #rules: Rule[];

  /** Reads the entries. `call` is who gets them, for errors. */
  constructor(call: string, entries: readonly string[]) {
    this.#rules = entries.flatMap((entry) => parseEntry(call, entry));
  }

  /** Whether it allows the address as it is written, just as `--allow-net` with these entries would. */
  allows(host: string, port: number): boolean {
    const parsed = parseHost(host);
    return parsed !== undefined &&
      this.#rules.some((rule) => rule.allows(parsed, port));
  }

  /**
   * Whether the name that it allows may point to `ip`. It may
   * - into the public internet,
   * - to this machine if it is `localhost`,
   * - and anywhere else only where another entry allows that address.
   *
   * So whoever rules a name's DNS can't lead us into the networks around us.
   */
  mayPointTo(ip: string, port: number, name: string): boolean {
    const parsed = parseIp(ip);
    if (parsed === undefined) return false;
    if (!isLocal(parsed)) return true;
    if (isLoopback(parsed) && /(^|\.)localhost\.?$/i.test(name)) return true;
    return this.allows(ip, port);
  }
}

/** Reads what a dispatcher was given as `net`. */
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
  const apart = net as Record<string, unknown>;
  for (const [key, list] of Object.entries(apart)) {
    if (key !== "listen" && key !== "connect") {
      throw new TypeError(`${call}: net has no key ${key}; it is ${expected}`);
    }
    if (list !== undefined && !isList(list)) {
      throw wrongType(call, `net.${key}`, "a list of entries", list);
    }
  }
  const { listen = [], connect = [] } = apart as Record<Direction, string[]>;
  return {
    listen: new Scope(call, listen),
    connect: new Scope(call, connect),
  };
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

/** A host as rules know it, or `undefined` for what no rule can allow. */
function parseHost(host: string): Host | undefined {
  if (/^(unix:\/|vsock:)/.test(host)) return host;
  return parseIpHost(host) ?? parseName(host);
}
