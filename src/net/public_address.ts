/**
 * Which addresses are those of a host on the public internet, and which are of
 * this machine. A name may point to the former; to every other address only
 * where the scope says so.
 *
 * The ranges are those of IANA's registries of special-purpose addresses for
 * IPv4 and IPv6 (RFC 6890), of November 2026, and the multicast addresses, which
 * the registries leave out. The test holds them against the registries' tables.
 *
 * @module
 */

import { type Ip, IpRange, parseIp } from "./ip.ts";

function range(text: string): IpRange {
  const [address, prefix] = text.split("/");
  return new IpRange(parseIp(address)!, Number(prefix));
}

const LOOPBACK = [range("127.0.0.0/8"), range("::1/128")];

/**
 * IPv4 addresses that are not public. The few within 192.0.0.0/24 that the
 * registry calls reachable are anycast to the nearest router (RFC 7723, RFC
 * 8155), so they mean the program's own network.
 */
const SPECIAL_IPV4 = [
  "0.0.0.0/8", // "this network"
  "10.0.0.0/8", // private
  "100.64.0.0/10", // shared by the customers of a provider
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local
  "172.16.0.0/12", // private
  "192.0.0.0/24", // IETF protocols
  "192.0.2.0/24", // documentation
  "192.88.99.0/24", // relays of 6to4, deprecated
  "192.168.0.0/16", // private
  "198.18.0.0/15", // benchmarks
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, and the broadcast address
].map(range);

/** The only IPv6 addresses that IANA gives to hosts of the public internet. */
const GLOBAL_UNICAST = range("2000::/3");

/** IPv6 addresses among those that are not public. For anycast within 2001::/23 the same holds as for 192.0.0.0/24. */
const SPECIAL_IPV6 = [
  "2001::/23", // IETF protocols, Teredo among them
  "2001:db8::/32", // documentation
  "2002::/16", // 6to4: an IPv4 address, which may be a private one
  "3fff::/20", // documentation
].map(range);

/** Within the ranges above: what the registry gives to hosts. */
const REACHABLE_IPV6 = [
  "2001:3::/32", // AMT
  "2001:4:112::/48", // AS112
  "2001:20::/28", // ORCHIDv2
  "2001:30::/28", // drones
].map(range);

/** IPv4 addresses as an IPv6-only network reaches them (RFC 6052). */
const NAT64 = range("64:ff9b::/96");

/** Tells whether an address always means this machine. */
export function isLoopback(ip: Ip): boolean {
  return has(LOOPBACK, ip);
}

/** Tells whether an address is one of a host on the public internet, and not of this machine, of a private network, or of many hosts at once. */
export function isPublic(ip: Ip): boolean {
  if (ip.bits === 32) return !has(SPECIAL_IPV4, ip);
  if (NAT64.has(ip)) {
    return isPublic({ bits: 32, value: ip.value & 0xffff_ffffn });
  }
  return GLOBAL_UNICAST.has(ip) &&
    (!has(SPECIAL_IPV6, ip) || has(REACHABLE_IPV6, ip));
}

function has(ranges: readonly IpRange[], ip: Ip): boolean {
  return ranges.some((range) => range.has(ip));
}

/**
 * Tells whether an address is one of this machine's interfaces. That is known
 * only where Deno grants `--allow-sys=networkInterfaces`, and is asked anew each
 * time, because addresses come and go. Never asks the user.
 *
 * @returns `false` as well where it is not known
 */
export function isOwnAddress(ip: Ip): boolean {
  const { state } = Deno.permissions.querySync({
    name: "sys",
    kind: "networkInterfaces",
  });
  if (state !== "granted") return false;
  return Deno.networkInterfaces().some(({ address }) => {
    const own = parseIp(address);
    return own?.bits === ip.bits && own.value === ip.value;
  });
}
