/**
 * Lists of IP addresses and ranges: the peers that a server lets in, or takes for a proxy.
 *
 * @module
 */

import { show, wrongType } from "../errors/arguments.ts";
import { type Ip, IpRange, parseIp } from "./ip.ts";

/** How the bits of an IPv4 address stand in an IPv6 one: `::ffff:192.0.2.1`. */
const MAPPED_BITS = 96;

/** The addresses that share the first half of theirs belong to one network: a client can pick any of them. */
const NETWORK_BITS = 64n;

/** Addresses and ranges. */
export class IpList {
  readonly #ranges: readonly IpRange[];

  /**
   * @param call and `name` begin the message of an error
   * @param entries addresses (`"192.0.2.1"`, `"2001:db8::1"`) and ranges
   * (`"10.0.0.0/8"`, `"2001:db8::/32"`)
   * @throws {TypeError} when an entry is neither; the message names it
   */
  constructor(call: string, name: string, entries: unknown) {
    if (!Array.isArray(entries)) {
      throw wrongType(call, name, "an array of addresses and ranges", entries);
    }
    this.#ranges = entries.map((entry) => parseRange(call, name, entry));
  }

  /** Tells whether `address` is one of them. A name is none. */
  has(address: string): boolean {
    const ip = parseIp(address);
    return ip !== undefined && this.#ranges.some((range) => range.has(ip));
  }
}

function parseRange(call: string, name: string, entry: unknown): IpRange {
  if (typeof entry === "string") {
    const [address, length, more] = entry.replace(/^\[(.*)\]/, "$1").split("/");
    const ip = address.includes("%") ? undefined : parseIp(address);
    const prefix = ip && prefixOf(ip, address, length);
    if (ip !== undefined && prefix !== undefined && more === undefined) {
      return new IpRange(ip, prefix);
    }
  }
  throw new TypeError(
    `${call}: ${name} must be addresses and ranges, such as "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32", got ${
      show(entry)
    }`,
  );
}

/** The length of a range in the bits of `ip`; `undefined` when `length` is none. */
function prefixOf(
  ip: Ip,
  address: string,
  length?: string,
): number | undefined {
  if (length === undefined) return ip.bits;
  if (!/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const isMapped = ip.bits === 32 && address.includes(":");
  const prefix = Number(length) - (isMapped ? MAPPED_BITS : 0);
  return prefix >= 0 && prefix <= ip.bits ? prefix : undefined;
}

/** What stands for the client of an address where clients are counted: an IPv4 address, or the /64 network of an IPv6 one. */
export function clientKey(address: string): string {
  if (!address.includes(":")) return address;
  const ip = parseIp(address);
  if (ip === undefined) return address;
  return ip.bits === 32 ? `4:${ip.value}` : `6:${ip.value >> NETWORK_BITS}`;
}
