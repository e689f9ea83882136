/**
 * What a worker's Deno is granted of the network, when its dispatcher has a
 * scope: the entries that all scopes share.
 *
 * @module
 */

import { type NetScope, Scope } from "../net/scope.ts";

const CALL = "addworkers()";

/** `":8080"` stands for these; as a worker's permission Deno 2.9.6 refuses it. */
const HERE = ["0.0.0.0", "127.0.0.1", "localhost"];

/** What a worker inherits when only its network is narrowed. */
const INHERITED: Deno.PermissionOptionsObject = {
  env: "inherit",
  ffi: "inherit",
  import: "inherit",
  read: "inherit",
  run: "inherit",
  sys: "inherit",
  write: "inherit",
};

/**
 * Narrows permissions to scopes, each within the next one. Deno's permissions
 * know no directions: what may be listened on may be connected to as well.
 *
 * @param permissions what was asked for; `undefined` is what this process has
 */
export function narrowPermissions(
  permissions: Deno.PermissionOptions | undefined,
  scopes: readonly NetScope[],
): Deno.PermissionOptions | undefined {
  if (scopes.length === 0 || permissions === "none") return permissions;
  const asked = typeof permissions === "object" ? permissions : INHERITED;
  const net = typeof permissions === "object" ? permissions.net : "inherit";
  if (net === undefined || net === false) return permissions;
  const allowed = [
    ...new Set([
      ...shared(scopes.map((scope) => entriesOf(scope, "listen"))),
      ...shared(scopes.map((scope) => entriesOf(scope, "connect"))),
    ]),
  ];
  if (Array.isArray(net)) {
    return { ...asked, net: intersection(expand(net), allowed) };
  }
  return { ...asked, net: allowed.filter(mayBeGranted) };
}

function entriesOf(
  scope: NetScope,
  direction: "listen" | "connect",
): string[] {
  const isList = Array.isArray(scope);
  const apart = scope as Exclude<NetScope, readonly string[]>;
  return expand(isList ? scope as readonly string[] : apart[direction] ?? []);
}

function expand(entries: readonly string[]): string[] {
  return entries.flatMap((entry) =>
    entry.startsWith(":") ? HERE.map((host) => host + entry) : [entry]
  );
}

function shared(lists: string[][]): string[] {
  return lists.reduce(intersection);
}

/** Entries that allow exactly what both lists allow. */
function intersection(some: string[], others: string[]): string[] {
  const both = new Set<string>();
  for (const one of some.map(parse)) {
    for (const other of others.map(parse)) {
      // Two hosts, domains or ranges are either one within the other, or apart.
      const host = covers(one.host, other.host)
        ? other.host
        : covers(other.host, one.host)
        ? one.host
        : undefined;
      const port = one.port ?? other.port;
      if (host === undefined || port !== (other.port ?? port)) continue;
      both.add(port === undefined ? host : `${host}:${port}`);
    }
  }
  return [...both];
}

interface Entry {
  host: string;
  port?: string;
}

function parse(entry: string): Entry {
  if (/^(unix|vsock):/.test(entry)) return { host: entry };
  const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(entry)!;
  if (entry.startsWith("[") && entry.endsWith("]")) return { host: entry };
  return { host: host.toLowerCase(), port: port && String(Number(port)) };
}

/** Whether all that `inner` means is within `outer`. */
function covers(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  const scope = new Scope(CALL, [outer]);
  if (inner.startsWith("*.")) {
    return outer.startsWith("*.") && scope.allows(inner.slice(2), 1);
  }
  if (/^\d.*\//.test(inner)) {
    const [address, length] = inner.split("/");
    return outer.includes("/") && scope.allows(address, 1) &&
      Number(outer.split("/")[1]) <= Number(length);
  }
  return scope.allows(inner.replace(/^\[(.*)\]$/, "$1"), 1);
}

/** A scope may be wider than what the process has: the rest can't be passed on. What can't be asked for is left to Deno, which refuses it then. */
function mayBeGranted(host: string): boolean {
  if (host.startsWith("*.") || host.includes("/")) return true;
  return Deno.permissions.querySync({ name: "net", host }).state === "granted";
}
