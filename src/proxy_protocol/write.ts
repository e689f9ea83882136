/**
 * Writes headers of the PROXY protocol: what a proxy says to the server behind
 * it.
 *
 * @module
 */

import type { Endpoint } from "../net/address.ts";
import { parseIp } from "../net/ip.ts";
import { SIGNATURE } from "./version_2.ts";

/** The version of a header: 1 is text, 2 is binary. */
export type ProxyVersion = 1 | 2;

/** Makes the header that says that a client at `source` has connected to `destination`. Addresses that are not both of IP are not told. */
export function formatHeader(
  version: ProxyVersion,
  source: Endpoint,
  destination: Endpoint,
): Uint8Array {
  const addresses = source[2] === "unix" || destination[2] === "unix"
    ? undefined
    : [groupsOf(source[0]), groupsOf(destination[0])];
  const isKnown = addresses?.every((groups) => groups !== undefined);
  const isIpv6 = source[2] === "inet6" || destination[2] === "inet6";
  const ports = [source[1], destination[1]];
  const known = isKnown ? addresses as number[][] : undefined;
  return version === 1
    ? formatVersion1(known, isIpv6, ports)
    : formatVersion2(known, isIpv6, ports);
}

function formatVersion1(
  addresses: number[][] | undefined,
  isIpv6: boolean,
  ports: number[],
): Uint8Array {
  const text = addresses === undefined ? "UNKNOWN" : [
    isIpv6 ? "TCP6" : "TCP4",
    ...addresses.map((groups) =>
      isIpv6
        ? groups.map((group) => group.toString(16)).join(":")
        : groups.slice(6).flatMap((group) => [group >> 8, group & 0xff])
          .join(".")
    ),
    ...ports,
  ].join(" ");
  return new TextEncoder().encode(`PROXY ${text}\r\n`);
}

function formatVersion2(
  addresses: number[][] | undefined,
  isIpv6: boolean,
  ports: number[],
): Uint8Array {
  const body = addresses === undefined
    ? []
    : [...addresses.flatMap((all) => isIpv6 ? all : all.slice(6)), ...ports];
  // Without addresses the family says so; the command is still PROXY: this is a client's connection.
  const family = addresses === undefined ? 0x00 : isIpv6 ? 0x21 : 0x11;
  const header = new Uint8Array(16 + body.length * 2);
  const view = new DataView(header.buffer);
  header.set(SIGNATURE);
  view.setUint8(12, 0x21);
  view.setUint8(13, family);
  view.setUint16(14, body.length * 2);
  body.forEach((word, i) => view.setUint16(16 + 2 * i, word));
  return header;
}

/** The eight groups of an address; those of IPv4 as IPv6 has them, so that one header can hold both. */
function groupsOf(text: string): number[] | undefined {
  const ip = parseIp(text);
  if (ip === undefined) return undefined;
  const value = ip.bits === 32 ? 0xffff_0000_0000n | ip.value : ip.value;
  return Array.from(
    { length: 8 },
    (_, i) => Number(value >> BigInt(112 - 16 * i) & 0xffffn),
  );
}
