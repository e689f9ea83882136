/**
 * Which flag of Deno's is missing: every message of Copas that suggests a flag
 * takes it from here.
 *
 * @module
 */

/**
 * Tells whether Deno grants an address. Asks Deno, never the user: a prompt
 * belongs to the call that uses the address.
 *
 * @param address as in `--allow-net`: `"example.com"`, `"example.com:443"`
 */
export function isGranted(address: string): boolean {
  return netPermission(address) === "granted";
}

/** Gives `undefined` for what Deno takes for no host at all: it refuses to ask about that. */
function netPermission(host: string): Deno.PermissionState | undefined {
  try {
    return Deno.permissions.querySync({ name: "net", host }).state;
  } catch {
    return undefined;
  }
}

/**
 * Says why Deno refuses an address, and which flag would allow it.
 *
 * @param address as in `--allow-net`: `"example.com:443"`, `"unix:/run/s"`
 */
export function suggestGrant(address: string): string {
  if (address.startsWith("unix:")) {
    return `access is not granted; run with --allow-net=${address} and --allow-read and --allow-write for the path`;
  }
  const everywhere = Deno.permissions.querySync({ name: "net" }).state;
  switch (netPermission(address) ?? everywhere) {
    case "granted":
      // Deno let the name pass, and refuses the address that it has found for it.
      return "its address is denied; take it out of --deny-net";
    case "denied":
      return `net access is denied; take ${address} out of --deny-net, or run with --allow-net=${address}`;
    default:
      return `net access is not granted; run with --allow-net=${address}`;
  }
}

/** Suggests the flag for all ports of a host: workers listen on port 0, and the system chooses. */
export function suggestHostGrant(host: string): string {
  const entry = host.includes(":") ? `[${host}]` : host;
  return `net access is not granted; run with --allow-net=${entry}`;
}

/** Suggests what lets a scope learn the addresses of a name. */
export function suggestLookup(host: string): string {
  return `give the address itself, or run with --allow-net=${host} and the address`;
}

/** The flag for UDP and for a port that several listeners share. */
const UNSTABLE_NET = "--unstable-net";

/**
 * Tells whether the process runs with `--unstable-net`. Deno 2.9.6 has no other
 * sign of it than a function that exists only with the flag, and ends the
 * process where it is used without: so Copas asks before.
 */
export function hasUnstableNet(): boolean {
  return Deno.listenDatagram !== undefined;
}

/** Suggests `--unstable-net`; with an address, also the grant for it. */
export function suggestUnstableNet(address?: string): string {
  return address === undefined
    ? `run with ${UNSTABLE_NET}`
    : `run with ${UNSTABLE_NET} and --allow-net=${address}`;
}
