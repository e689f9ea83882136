/**
 * Which flag of Deno's is missing.
 *
 * @module
 */

import { formatAddress } from "./address.ts";

/** Says why Deno refuses an address, and what would allow it. */
export function explainGrant(host: string, port: number): string {
  const address = formatAddress(host, port);
  // Asks Deno, not the user.
  let { state } = Deno.permissions.querySync({ name: "net" });
  try {
    state = Deno.permissions.querySync({ name: "net", host: address }).state;
  } catch {
    // No host in Deno's eyes.
  }
  if (state === "granted") {
    // A name passes by its name; an address that is denied is found later.
    return "its address is denied; take it out of --deny-net";
  }
  return state === "denied"
    ? `net access is denied; take ${address} out of --deny-net, or run with --allow-net=${address}`
    : `net access is not granted; run with --allow-net=${address}`;
}
