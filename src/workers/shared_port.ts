/**
 * The port that all workers share: picked by the main process, and granted to
 * each of them.
 *
 * @module
 */

import { formatAddress } from "../net/address.ts";
import {
  addressError,
  isGranted,
  portNotGranted,
} from "../net/address_error.ts";
import type { ServeOrder } from "./messages.ts";

/**
 * Finds a free port, so that no worker chooses the address that the others are
 * granted. The listener is to be closed when the first worker listens, before
 * the caller is told the port: until then it keeps the port from other programs;
 * later it would get a share of the connections, which nothing here accepts.
 */
export function pickPort(order: ServeOrder): Deno.TcpListener {
  const { hostname } = order;
  let listener;
  try {
    listener = Deno.listen({ hostname, port: 0, reusePort: true });
  } catch (error) {
    throw addressError("Cannot bind", formatAddress(hostname, 0), error);
  }
  order.port = listener.addr.port;
  if (isGranted(formatAddress(hostname, order.port))) return listener;
  // The grant for port 0 let this one pass; it is of no use to the workers.
  listener.close();
  throw portNotGranted(hostname, order.port);
}

/** What the workers of this process listen on. */
const taken = new Set<string>();

/**
 * Keeps an address for one set of workers. The system would let a second set
 * share it, and hand each connection to one or the other.
 *
 * @returns a function that gives it back
 * @throws {Deno.errors.AddrInUse} when other workers of this process have it
 */
export function claim({ hostname, port }: ServeOrder): () => void {
  const address = formatAddress(hostname, port);
  if (taken.has(address)) {
    throw new Deno.errors.AddrInUse(
      `Cannot bind ${address}: other workers of this process listen there; stop them first, or choose another port`,
    );
  }
  taken.add(address);
  return () => taken.delete(address);
}

/** A worker has to listen, whatever else it may do. */
export function withAddress(
  permissions: Deno.PermissionOptions | undefined,
  { hostname, port }: ServeOrder,
): Deno.PermissionOptions | undefined {
  if (typeof permissions !== "object") return permissions;
  const { net } = permissions;
  if (net === true || net === "inherit") return permissions;
  const address = formatAddress(hostname, port);
  return { ...permissions, net: [...(Array.isArray(net) ? net : []), address] };
}
