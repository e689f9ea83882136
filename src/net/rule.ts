/**
 * The grammar of `--allow-net`: one entry, and which addresses it allows. It
 * follows Deno's own parser; the tests compare every line of this file with
 * what Deno itself allows.
 *
 * @module
 */

import { show } from "../errors/arguments.ts";
import { type Ip, IpRange, parseIp } from "./ip.ts";

/** A host that rules are asked about: an IP address, or a name in lower case. */
export type Host = Ip | string;

/** Allows some hosts, on one port or on all. An entry is one rule or several. */
export class Rule {
  readonly #matches: (host: Host) => boolean;
  readonly #port?: number;

  /** @param port Default: all ports */
  constructor(matches: (host: Host) => boolean, port?: number) {
    this.#matches = matches;
    this.#port = port;
  }

  /** Tells whether the rule allows `host` on `port`. */
  allows(host: Host, port: number): boolean {
    return (this.#port === undefined || this.#port === port) &&
      this.#matches(host);
  }
}

/** The forms of an entry, for errors. */
const FORMS =
  'write it as for --allow-net: "host", "host:port", "127.0.0.1:8080", ' +
  '"[::1]:8080", "*.example.com:443", "10.0.0.0/8", ":8080" or "unix:/absolute/path"';

/** The hosts that `":8080"` allows. */
const PORT_ONLY_HOSTS = ["0.0.0.0", "127.0.0.1", "localhost"];

/**
 * Reads one entry.
 *
 * @param call names the call that was given the scope, for errors
 * @throws {TypeError} that names the entry and what is wrong with it
 */
export function parseEntry(call: string, entry: unknown): Rule[] {
  const wrong = (why: string): TypeError =>
    new TypeError(
      `${call}: wrong entry in the network scope: ${
        show(entry)
      }: ${why}; ${FORMS}`,
    );
  if (typeof entry !== "string") throw wrong("it is no string");
  if (entry === "") throw wrong("it is empty");
  if (entry.startsWith("unix:")) return [unixRule(entry, wrong)];
  if (/[\s,]/.test(entry)) {
    throw wrong("it has a blank or a comma; give one entry for each host");
  }
  if (entry.startsWith("vsock:")) return [vsockRule(entry, wrong)];
  if (/^[a-z]+:\/\//i.test(entry)) {
    throw wrong("it is a URL; give its host and port");
  }
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/.exec(entry);
  if (match === null) {
    throw wrong(
      entry.split(":").length > 2
        ? "an IPv6 address stands in brackets, and has no range"
        : "its brackets don't hold an IPv6 address",
    );
  }
  const [, host, digits] = match;
  const port = digits === undefined ? undefined : parsePort(digits, wrong);
  if (host !== "") return [new Rule(hostMatcher(host, wrong), port)];
  if (port === undefined) throw wrong("it has no host");
  return PORT_ONLY_HOSTS.map((name) =>
    new Rule(hostMatcher(name, wrong), port)
  );
}

type Wrong = (why: string) => TypeError;

function parsePort(digits: string, wrong: Wrong): number {
  if (digits === "") throw wrong("the port is missing after the colon");
  if (digits.includes(":")) throw wrong("an IPv6 address stands in brackets");
  const port = Number(digits);
  if (!/^\d+$/.test(digits) || port > 65535) {
    throw wrong("the port must be one whole number from 0 to 65535");
  }
  return port;
}

function hostMatcher(host: string, wrong: Wrong): (host: Host) => boolean {
  if (host.startsWith("[")) {
    const ip = parseIp(host.slice(1, -1));
    if (ip === undefined || !host.includes(":")) {
      throw wrong("its brackets don't hold an IPv6 address");
    }
    return sameIp(ip);
  }
  const ip = parseIp(host);
  if (ip !== undefined) return sameIp(ip);
  if (host.includes("/")) return rangeMatcher(host, wrong);
  if (host.startsWith("*.")) {
    const domain = parseName(host.slice(2));
    if (domain === undefined) throw wrong("the name after *. is none");
    return (name) =>
      typeof name === "string" &&
      (name === domain || name.endsWith(`.${domain}`));
  }
  const name = parseName(host);
  if (name === undefined) {
    throw wrong(
      host.includes("*")
        ? "a * stands only at the beginning, before a dot and a domain"
        : "that is neither a name nor an address",
    );
  }
  return (other) => other === name;
}

function sameIp(ip: Ip): (host: Host) => boolean {
  return (host) =>
    typeof host === "object" && host.bits === ip.bits &&
    host.value === ip.value;
}

function rangeMatcher(text: string, wrong: Wrong): (host: Host) => boolean {
  const [address, length, more] = text.split("/");
  const ip = parseIp(address);
  if (
    ip === undefined || more !== undefined || !/^\d{1,2}$/.test(length) ||
    Number(length) > ip.bits
  ) throw wrong("a range is an IPv4 address, a slash and 0 to 32");
  const range = new IpRange(ip, Number(length));
  return (host) => typeof host === "object" && range.has(host);
}

function unixRule(entry: string, wrong: Wrong): Rule {
  if (!entry.startsWith("unix:/")) throw wrong("the path must be absolute");
  return new Rule((host) => host === entry);
}

function vsockRule(entry: string, wrong: Wrong): Rule {
  const match = /^vsock:(-1|\d+):(\d+)$/.exec(entry);
  if (match === null) throw wrong("a vsock is vsock:CID:PORT");
  return new Rule((host) => host === entry);
}

/** Reads a host name: gives it in lower case and without a dot at its end, or `undefined` when it is not a name. */
export function parseName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, "");
  // As Deno, which refuses "127.0.0.1.": a dot at the end does not turn an address into a name.
  if (parseIp(name) !== undefined) return undefined;
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name) ? name : undefined;
}
