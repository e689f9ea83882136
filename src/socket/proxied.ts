/**
 * What a socket keeps of the PROXY protocol.
 *
 * @module
 */

import type { Endpoint } from "../net/address.ts";

/** What a proxy in front has said of its client, and where the proxy is. */
export interface Proxied {
  /** Where the client is. */
  readonly source: Endpoint;
  /** What the client connected to. */
  readonly destination: Endpoint;
  readonly proxy: Endpoint;
}
