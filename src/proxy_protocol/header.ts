/**
 * The header of the PROXY protocol, by which a proxy tells a server who its
 * client is (https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt).
 *
 * @module
 */

import type { Endpoint } from "../net/address.ts";

/** What a header says. */
export interface ProxyHeader {
  /** How many bytes it takes. */
  readonly length: number;
  /** The client's address, and the one that it connected to. Missing where the proxy speaks for itself, or does not know. */
  readonly client?: {
    readonly source: Endpoint;
    readonly destination: Endpoint;
  };
}

/** Makes the error of bytes that are no header; `why` ends the message. */
export function malformed(why: string): SyntaxError {
  return new SyntaxError(`its PROXY header is malformed: ${why}`);
}
