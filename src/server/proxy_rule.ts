/**
 * Which peers of a server are proxies.
 *
 * @module
 */

import type { IpList } from "../net/ip_list.ts";

/** The option `proxyProtocol` as the server uses it. */
export interface ProxyRule {
  readonly proxies: IpList;
  readonly isUnix: boolean;
  readonly timeout: number;
  readonly required: boolean;
}

/** Whether the peer at `addr` may say who its client is. */
export function mayProxy(
  { proxies, isUnix }: ProxyRule,
  addr: Deno.Addr,
): boolean {
  return "hostname" in addr ? proxies.has(addr.hostname) : isUnix;
}
