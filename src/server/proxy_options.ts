/**
 * The option `proxyProtocol` of a server: what it may be, and what it means.
 *
 * @module
 */

import { checkDelay, wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { IpRanges } from "../net/ip_ranges.ts";

/** Which proxies stand in front of a server, and tell it who its clients are. */
export interface ProxyProtocolOptions {
  /** The addresses of the proxies: `"10.0.0.0/8"`, `"2001:db8::/32"`, `"192.0.2.1"`; `"unix"` is every peer of a Unix socket. */
  from: readonly string[];
  /** Seconds within which the header has to come, more than 0. Default: 5. */
  timeout?: number;
  /**
   * Whether a connection from any other address is closed. With `false` it is
   * served as it is: no header is looked for. From the addresses of `from` there
   * is always a header. Default: `true`.
   */
  required?: boolean;
}

/** The option as the server uses it. */
export interface ProxyRule {
  readonly proxies: IpRanges;
  readonly isUnix: boolean;
  readonly timeout: number;
  readonly required: boolean;
}

const UNIX = "unix";

/**
 * Reads the option.
 *
 * @param call names the call in the message of an error
 * @throws {TypeError} when it is of the wrong type, or names an address that is none
 * @throws {RangeError} when the timeout is negative or `NaN`
 */
export function readProxyOptions(
  call: string,
  given: ProxyProtocolOptions,
): ProxyRule {
  const name = "proxyProtocol";
  if (typeof given !== "object" || given === null) {
    throw wrongType(call, name, "an object", given);
  }
  checkKeys(call, name, given, ["from", "timeout", "required"]);
  const { from, timeout = 5, required = true } = given;
  checkDelay(call, `${name}.timeout`, timeout);
  if (typeof required !== "boolean") {
    throw wrongType(call, `${name}.required`, "a boolean", required);
  }
  const isList = Array.isArray(from);
  const addresses = isList ? from.filter((entry) => entry !== UNIX) : from;
  return {
    proxies: new IpRanges(call, `${name}.from`, addresses),
    isUnix: isList && from.includes(UNIX),
    timeout,
    required,
  };
}
