/**
 * Addresses as text, as LuaSocket returns them, and as attributes of what is
 * counted.
 *
 * @module
 */

/** `[ip, port, family]`, as `getpeername` and `getsockname` return it. For a Unix socket, `ip` is its path and the port is 0. */
export type Endpoint = [
  ip: string,
  port: number,
  family: "inet" | "inet6" | "unix",
];

/** Writes host and port as in a URL or in `--allow-net`: an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Tells whether a host is an IP address, and not a name. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^[0-9.]+$/.test(host);
}

/** Writes an address of Deno's as in `--allow-net`. */
export function formatAddr(addr: Deno.Addr): string {
  if ("hostname" in addr) return formatAddress(addr.hostname, addr.port);
  return "path" in addr ? `unix:${pathOf(addr)}` : addr.transport;
}

/** Names a socket that the caller has given no name, as LuaSocket does: `"tcp{client}: 127.0.0.1:8080"`. */
export function socketName(kind: "client" | "server", addr: Deno.Addr): string {
  if (!("path" in addr)) return `tcp{${kind}}: ${formatAddr(addr)}`;
  const path = pathOf(addr);
  return path === "" ? `unix{${kind}}` : `unix{${kind}}: ${path}`;
}

/** The client's end of a Unix socket has no path: there Deno gives null, against its own types. */
function pathOf(addr: Deno.UnixAddr): string {
  return (addr.path as string | null) ?? "";
}

/** Gives an address of Deno's as LuaSocket returns it. */
export function endpoint(addr: Deno.Addr): Endpoint {
  if (!("hostname" in addr)) {
    return ["path" in addr ? pathOf(addr) : "", 0, "unix"];
  }
  return [
    addr.hostname,
    addr.port,
    addr.hostname.includes(":") ? "inet6" : "inet",
  ];
}

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
