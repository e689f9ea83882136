/**
 * The header of the PROXY protocol, version 1, which is a line of text.
 *
 * @module
 */

import type { Endpoint } from "../net/address.ts";
import { parseIp } from "../net/ip.ts";
import { malformed, type ProxyHeader } from "./header.ts";

/** The longest header of version 1, its line end included. */
const LONGEST = 107;
/** How it begins. */
export const PREFIX = new TextEncoder().encode("PROXY ");
const CR = 0x0d;
const LF = 0x0a;

/**
 * Reads a header of which the first word, as far as it has come, is right.
 *
 * @returns `undefined` when more bytes are needed
 * @throws {SyntaxError} as soon as the bytes can't be a header any more
 */
export function parseVersion1(bytes: Uint8Array): ProxyHeader | undefined {
  const end = bytes.subarray(0, LONGEST).indexOf(CR);
  const isShort = bytes.length < LONGEST;
  if (end < 0) {
    checkPrintable(bytes.subarray(0, LONGEST));
    if (isShort) return undefined;
    throw malformed(`its line is longer than ${LONGEST} bytes`);
  }
  checkPrintable(bytes.subarray(0, end));
  if (end + 1 === bytes.length && isShort) return undefined;
  if (end + 2 > LONGEST) {
    throw malformed(`its line is longer than ${LONGEST} bytes`);
  }
  if (bytes[end + 1] !== LF) throw malformed("a CR in it ends no line");
  const line = String.fromCharCode(...bytes.subarray(PREFIX.length, end));
  return { length: end + 2, client: parseAddresses(line) };
}

function checkPrintable(bytes: Uint8Array): void {
  if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) {
    throw malformed("its line has bytes that are no text");
  }
}

/** Reads what follows `PROXY `. */
function parseAddresses(line: string): ProxyHeader["client"] {
  if (/^UNKNOWN( |$)/.test(line)) return undefined;
  const parts = line.split(" ");
  const [family, source, destination, sourcePort, destinationPort] = parts;
  if (family !== "TCP4" && family !== "TCP6") {
    throw malformed("its protocol is none of TCP4, TCP6 and UNKNOWN");
  }
  if (parts.length !== 5) throw malformed("it has too many or too few fields");
  return {
    source: endpointOf(family, source, sourcePort),
    destination: endpointOf(family, destination, destinationPort),
  };
}

function endpointOf(family: string, ip: string, port: string): Endpoint {
  const isIpv6 = family === "TCP6";
  if (
    ip.includes(":") !== isIpv6 || ip.includes("%") || parseIp(ip) === undefined
  ) throw malformed(`it has an address that is none of ${family}`);
  if (!/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65535) {
    throw malformed("it has a port that is no number from 0 to 65535");
  }
  return isIpv6
    ? [canonicalIpv6(ip), Number(port), "inet6"]
    : [ip, Number(port), "inet"];
}

/** One spelling for each address, so that it can be a key. */
function canonicalIpv6(ip: string): string {
  return new URL(`http://[${ip}]`).hostname.slice(1, -1);
}
