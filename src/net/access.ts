/**
 * What has been used of the network, and the shortest grant for it.
 *
 * @module
 */

import { formatAddress } from "./address.ts";
import type { Direction } from "./scope.ts";

/**
 * What a dispatcher has used of the network, as `copas.netaccess()` tells it.
 *
 * @example Run with `-A` once, and print what would have been enough
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * await copas.loop();
 * console.error(`deno run ${copas.netaccess()} main.ts`);
 * ```
 */
export class NetAccess {
  /** Where it has listened, as entries of `--allow-net`. */
  readonly listen: string[];
  /** Whereto it has connected or sent, as entries of `--allow-net`. */
  readonly connect: string[];
  /** Whether it has used what needs `--unstable-net`: UDP, or a port shared with workers. */
  readonly unstable: boolean;

  /** For Copas itself: use `copas.netaccess()`. */
  constructor(listen: string[], connect: string[], unstable: boolean) {
    this.listen = listen;
    this.connect = connect;
    this.unstable = unstable;
  }

  /** Deno's flags: `--allow-net=127.0.0.1:8080,example.com:443`; `""` when nothing was used. A Unix socket's file needs to be read and written as well. */
  toString(): string {
    const all = [...new Set([...this.listen, ...this.connect])];
    const entries = all.filter((entry) => !isCovered(entry, all)).sort();
    const paths = entries.filter((entry) => entry.startsWith("unix:"))
      .map((entry) => entry.slice("unix:".length));
    return [
      ...(this.unstable ? ["--unstable-net"] : []),
      ...(entries.length === 0 ? [] : [flag("net", entries)]),
      ...(paths.length === 0 ? [] : [
        flag("read", paths),
        flag("write", paths),
      ]),
    ].join(" ");
  }
}

/** Whether the same host stands there for all its ports. */
function isCovered(entry: string, all: string[]): boolean {
  const at = entry.lastIndexOf(":");
  return at > 0 && all.includes(entry.slice(0, at));
}

/** Nothing of it needs quotes in a shell but a path's odd characters. */
function flag(name: string, values: string[]): string {
  const text = `--allow-${name}=${values.join(",")}`;
  return /^[\w=,.:\/[\]*-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Beyond this many ports of a host, its entry has none: they are chosen by the system, most likely. */
const MOST_PORTS = 8;

/** Collects what is used. */
export class AccessLog {
  /** Set when what was used needs `--unstable-net`. */
  unstable = false;
  readonly #used = {
    listen: new Map<string, Set<number> | "all">(),
    connect: new Map<string, Set<number> | "all">(),
  };

  /** Notes an address. */
  add(direction: Direction, host: string, port: number): void {
    const hosts = this.#used[direction];
    const ports = hosts.get(host);
    if (ports === undefined) hosts.set(host, new Set([port]));
    else if (ports !== "all" && !ports.has(port)) {
      if (ports.size < MOST_PORTS) ports.add(port);
      else hosts.set(host, "all");
    }
  }

  /** What was used until now. */
  take(): NetAccess {
    return new NetAccess(
      this.#entries("listen"),
      this.#entries("connect"),
      this.unstable,
    );
  }

  #entries(direction: Direction): string[] {
    const entries: string[] = [];
    for (const [host, ports] of this.#used[direction]) {
      if (/^(unix|vsock):/.test(host)) entries.push(host);
      else if (ports === "all") {
        entries.push(host.includes(":") ? `[${host}]` : host);
      } else for (const port of ports) entries.push(formatAddress(host, port));
    }
    return entries.sort();
  }
}
