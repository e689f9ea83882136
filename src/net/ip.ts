/**
 * IP addresses, and ranges of them, as numbers.
 *
 * @module
 */

/** An IP address. */
export interface Ip {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/**
 * Reads an IP address.
 *
 * @param text IPv6 without brackets; a zone (`%eth0`) is dropped
 * @returns `undefined` when the text is not an IP address
 */
export function parseIp(text: string): Ip | undefined {
  const [address] = text.split("%");
  return address.includes(":") ? parseIpv6(address) : parseIpv4(text);
}

/** Reads a host that may be an IP address, IPv6 with brackets or without. Gives `undefined` for a name. */
export function parseIpHost(host: string): Ip | undefined {
  return parseIp(/^\[(.*:.*)\]$/.exec(host)?.[1] ?? host);
}

/** Leading zeros are refused: programs disagree on which address `010.0.0.1` is. */
function parseIpv4(text: string): Ip | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) {
      return undefined;
    }
    value = value << 8n | BigInt(part);
  }
  return { bits: 32, value };
}

/** The system and Deno's permissions (2.9.6) take `::ffff:127.0.0.1` for 127.0.0.1. */
const MAPPED = 0xffffn;

function parseIpv6(text: string): Ip | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => groups(half));
  if (head === undefined || (halves.length === 2 && tail === undefined)) {
    return undefined;
  }
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<bigint>(missing).fill(0n), ...(tail ?? [])];
  const value = all.reduce((value, group) => value << 16n | group, 0n);
  return value >> 32n === MAPPED
    ? { bits: 32, value: value & 0xffff_ffffn }
    : { bits: 128, value };
}

/** Reads the 16-bit groups on one side of `::`; the last one may be an IPv4 address. */
function groups(half: string): bigint[] | undefined {
  if (half === "") return [];
  const result: bigint[] = [];
  const parts = half.split(":");
  for (const [i, part] of parts.entries()) {
    if (part.includes(".")) {
      const ip = i === parts.length - 1 ? parseIpv4(part) : undefined;
      if (ip === undefined) return undefined;
      result.push(ip.value >> 16n, ip.value & 0xffffn);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) result.push(BigInt(`0x${part}`));
    else return undefined;
  }
  return result;
}

/** All addresses that begin with the same bits. */
export class IpRange {
  readonly #first: Ip;
  readonly #shift: bigint;

  constructor(ip: Ip, prefix: number) {
    this.#first = ip;
    this.#shift = BigInt(ip.bits - prefix);
  }

  /** Tells whether `ip` is one of them. */
  has(ip: Ip): boolean {
    return ip.bits === this.#first.bits &&
      ip.value >> this.#shift === this.#first.value >> this.#shift;
  }
}
