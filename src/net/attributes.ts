/**
 * Addresses in the words of OpenTelemetry's conventions.
 *
 * @module
 */

import { endpoint } from "./address.ts";

/** What tells a server apart: where it listens. */
export function addressAttributes(
  addr: Deno.Addr,
): Record<string, string | number> {
  const [address, port, family] = endpoint(addr);
  if (family === "unix") {
    return { "server.address": address, "network.transport": "unix" };
  }
  return {
    "server.address": address,
    "server.port": port,
    "network.transport": addr.transport,
    "network.type": family === "inet6" ? "ipv6" : "ipv4",
  };
}

/** Who is connected. */
export function peerAttributes(
  addr: Deno.Addr,
): Record<string, string | number> {
  const [address, port, family] = endpoint(addr);
  return family === "unix"
    ? { "network.peer.address": address }
    : { "network.peer.address": address, "network.peer.port": port };
}
