/**
 * Lists of IP addresses and ranges, as a caller writes them: `10.0.0.0/8`,
 * `2001:db8::/32`, `127.0.0.1`.
 *
 * @module
 */

import { show, wrongType } from "../errors/arguments.ts";
import { type Ip, IpRange, parseIp } from "./ip.ts";

/** The addresses of a list. */
export class IpRanges {
  readonly #ranges: IpRange[];

  /**
   * @param call names the call in the message of an error
   * @param name names the list there
   * @throws {TypeError} when it is not a list of addresses and ranges; the
   * message names the entry
   */
  constructor(call: string, name: string, list: readonly string[]) {
    if (!Array.isArray(list)) {
      const expected = "an array of addresses and ranges";
      throw wrongType(call, name, expected, list);
    }
    this.#ranges = list.map((entry) => {
      const range = typeof entry === "string" ? parseRange(entry) : undefined;
      if (range !== undefined) return range;
      throw new TypeError(
        `${call}: ${name}: ${
          show(entry)
        } is no address and no range; write "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"`,
      );
    });
  }

  /** Tells whether `ip` is one of them. */
  has(ip: Ip): boolean {
    return this.#ranges.some((range) => range.has(ip));
  }
}

/** Reads an address, or a range of them. */
function parseRange(text: string): IpRange | undefined {
  const [address, digits, more] = text.split("/");
  const ip = address.includes("%") ? undefined : parseIp(address);
  if (ip === undefined || more !== undefined) return undefined;
  if (digits === undefined) return new IpRange(ip, ip.bits);
  if (!/^(0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  // `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
  const isMapped = address.includes(":") && ip.bits === 32;
  const prefix = Number(digits) - (isMapped ? 96 : 0);
  return prefix < 0 || prefix > ip.bits ? undefined : new IpRange(ip, prefix);
}
