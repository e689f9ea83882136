/**
 * Addresses as people write them and as LuaSocket returns them.
 *
 * @module
 */

/** `[ip, port, family]`, as `getpeername` and `getsockname` return it. A Unix socket has its path and port 0. */
export type Endpoint = [
  ip: string,
  port: number,
  family: "inet" | "inet6" | "unix",
];

/** Host and port as one writes them: an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether a host is an address, not a name. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^[0-9.]+$/.test(host);
}

/** An address of Deno's as one writes it. */
export function formatAddr(addr: Deno.Addr): string {
  if ("hostname" in addr) return formatAddress(addr.hostname, addr.port);
  return "path" in addr ? `unix:${pathOf(addr)}` : addr.transport;
}

/** What a socket without a name of its own is called, in LuaSocket's manner. */
export function socketName(kind: "client" | "server", addr: Deno.Addr): string {
  if (!("path" in addr)) return `tcp{${kind}}: ${formatAddr(addr)}`;
  const path = pathOf(addr);
  return path === "" ? `unix{${kind}}` : `unix{${kind}}: ${path}`;
}

/** The end of a Unix socket that connects has no path: Deno says null, whatever its types say. */
function pathOf(addr: Deno.UnixAddr): string {
  return (addr.path as string | null) ?? "";
}

/** An address of Deno's as LuaSocket returns it. */
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
