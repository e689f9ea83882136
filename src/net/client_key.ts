/**
 * What stands for the client of an address where clients are counted.
 *
 * @module
 */

import { parseIp } from "./ip.ts";

/** The addresses that share the first half of theirs belong to one network: a client can pick any of them. */
const NETWORK_BITS = 64n;

/** What stands for a client: its IPv4 address, or the /64 network of its IPv6 one. */
export function clientKey(address: string): string {
  if (!address.includes(":")) return address;
  const ip = parseIp(address);
  if (ip === undefined) return address;
  return ip.bits === 32 ? `4:${ip.value}` : `6:${ip.value >> NETWORK_BITS}`;
}
