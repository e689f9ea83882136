/**
 * The errors about addresses, all of them: a host or port that is none, an
 * address outside the scope, and what Deno and the system refuse. Each message
 * says what failed, on which address, and what would be right.
 *
 * @module
 */

import { checkInteger, checkString } from "../errors/arguments.ts";
import { CopasError, ScopeError } from "../errors/errors.ts";
import { formatAddress } from "./address.ts";
import type { Direction } from "./scope.ts";

/**
 * Refuses what is no host or no port.
 *
 * @param call names the call in the message: `"bind()"`
 * @throws {TypeError} when the host is not a string or empty, or the port is not a number
 * @throws {RangeError} when the port is not a whole number from 0 to 65535
 */
export function checkHostPort(call: string, host: string, port: number): void {
  checkString(call, "the host", host);
  if (host === "") {
    throw new TypeError(
      `${call}: the host is empty; give a name or an address`,
    );
  }
  checkInteger(call, "the port", port, 0, 65535);
}

/**
 * The error for an address that no entry of the scope allows.
 *
 * @param messagePrefix says what failed: `"Cannot bind"`
 */
export function outOfScope(
  messagePrefix: string,
  direction: Direction,
  host: string,
  port: number,
): ScopeError {
  const isPath = /^(unix|vsock):/.test(host);
  const address = isPath ? host : formatAddress(host, port);
  return new ScopeError(
    `${messagePrefix} ${address}: it is outside the dispatcher's network scope; ` +
      `add "${address}" to its net, for ${direction}`,
    { address, entry: address },
  );
}

/**
 * The error for a name whose addresses the scope can't check, because Deno does
 * not grant to look them up.
 */
export function unresolvable(
  messagePrefix: string,
  host: string,
  port: number,
): ScopeError {
  const address = formatAddress(host, port);
  return new ScopeError(
    `${messagePrefix} ${address}: the scope has to know the name's address, and Deno does not grant to look it up; ${
      suggestLookup(host)
    }`,
    { address },
  );
}

/** The error for a name that the resolver does not find. {@linkcode addressError} adds the address. */
export function unknownHost(cause: unknown): Error {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Deno.errors.NotFound(`unknown host; ${why}`, { cause });
}

/** The error for a UDP socket in a process that runs without `--unstable-net`. */
export function udpUnavailable(host: string, port: number): Error {
  return new Deno.errors.NotSupported(
    `UDP is not available; ${suggestUnstableNet(formatAddress(host, port))}`,
  );
}

/** The error for a port that workers would share in a process that runs without `--unstable-net`. */
export function portSharingUnavailable(
  call: string,
  host: string,
  port: number,
): Error {
  return new Deno.errors.NotSupported(
    `${call}: workers share the port ${
      formatAddress(host, port)
    }, for which Deno needs a flag; ${suggestUnstableNet()}`,
  );
}

/** The error for a port that the process has picked for its workers, where it may listen on port 0 alone. */
export function portNotGranted(host: string, port: number): Error {
  return new Deno.errors.NotCapable(
    `Cannot bind ${formatAddress(host, port)}: ${suggestHostGrant(host)}`,
  );
}

type ErrorClass = new (message: string, options?: ErrorOptions) => Error;

/** What Deno's errors of a bind or connect mean. */
const REASONS: [ErrorClass, string][] = [
  [
    Deno.errors.AddrInUse,
    "the address is in use; choose another port, or 0 for any",
  ],
  [
    URIError,
    "the host must be a name or an address, without scheme or port",
  ],
  [Deno.errors.AddrNotAvailable, "this machine does not have that address"],
  [Deno.errors.PermissionDenied, "the system does not permit it"],
  [
    Deno.errors.ConnectionRefused,
    "connection refused; nothing listens there",
  ],
];

/**
 * Makes the error for a call of Deno's on an address that failed. It is of the
 * same class as the cause, and keeps its `code`. An error of Copas, and what is
 * no error at all, stays as it is.
 *
 * @param messagePrefix says what failed: `"Cannot bind"`
 * @param address as in `--allow-net`: `"example.com:443"`, `"unix:/run/s"`
 * @param cause what Deno has thrown
 */
export function addressError(
  messagePrefix: string,
  address: string,
  cause: unknown,
): unknown {
  if (!(cause instanceof Error) || cause instanceof CopasError) return cause;
  const [Class, reason] = explain(address, cause);
  const error = new Class(`${messagePrefix} ${address}: ${reason}`, { cause });
  return "code" in cause ? Object.assign(error, { code: cause.code }) : error;
}

function explain(address: string, cause: Error): [ErrorClass, string] {
  if (cause instanceof Deno.errors.NotCapable) {
    return [Deno.errors.NotCapable, suggestGrant(address)];
  }
  const known = REASONS.find(([Class]) => cause instanceof Class);
  if (known !== undefined) return known;
  if (cause.message.startsWith("failed to lookup address")) {
    // Deno throws a plain Error without a code; `Deno.resolveDns` throws NotFound.
    return [Deno.errors.NotFound, `unknown host; ${cause.message}`];
  }
  // A class of the platform's may extend TypeError and take other arguments.
  const Class = cause instanceof TypeError ? TypeError : cause.constructor;
  return [Class as ErrorClass, cause.message];
}

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
