/**
 * What a dispatcher has used of the network, and the shortest grant for it.
 *
 * @module
 */

import { formatAddress } from "./address.ts";
import type { Direction } from "./scope.ts";

/**
 * The addresses that a dispatcher has used, and the flags of Deno's that grant
 * them. `copas.netaccess()` returns it.
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
  /** The addresses that the dispatcher has listened on, as entries of `--allow-net`, sorted. */
  readonly listen: string[];
  /** The addresses that it has connected or sent to, as entries of `--allow-net`, sorted. */
  readonly connect: string[];
  /** Whether it has used something that needs `--unstable-net`: UDP, or a port that workers share. */
  readonly unstable: boolean;

  /**
   * Only Copas calls it: use `copas.netaccess()`.
   *
   * @ignore
   */
  constructor(listen: string[], connect: string[], unstable: boolean) {
    this.listen = listen;
    this.connect = connect;
    this.unstable = unstable;
  }

  /**
   * Writes Deno's flags that grant all of it, for a command line. A Unix socket
   * also gets `--allow-read` and `--allow-write` for its path. A flag is quoted
   * where the shell needs that.
   *
   * @returns such as `--allow-net=127.0.0.1:8080,example.com:443`, or `""` when
   * nothing was used
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * using _server = copas.socket.bind("127.0.0.1", 8080);
   * console.log(copas.netaccess().toString()); // --allow-net=127.0.0.1:8080
   * ```
   */
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

/** Tells whether another entry has the same host without a port, and so allows this one. */
function isCovered(entry: string, all: string[]): boolean {
  const colon = entry.lastIndexOf(":");
  return colon > 0 && all.includes(entry.slice(0, colon));
}

/** Quotes the flag only where a path has characters that mean something to a shell. */
function flag(name: string, values: string[]): string {
  const text = `--allow-${name}=${values.join(",")}`;
  return /^[\w=,.:\/[\]*-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A host with more ports gets one entry without a port: most likely the system has chosen them. */
const MAX_PORTS = 8;

/** Collects the addresses that are used. */
export class AccessLog {
  /** Whether something was used that needs `--unstable-net`. */
  unstable = false;
  readonly #used = {
    listen: new Map<string, Set<number> | "all">(),
    connect: new Map<string, Set<number> | "all">(),
  };

  /** Records an address. `host` may also be `"unix:/path"` or `"vsock:CID:PORT"`; then the port is ignored. */
  add(direction: Direction, host: string, port: number): void {
    const hosts = this.#used[direction];
    const ports = hosts.get(host);
    if (ports === undefined) hosts.set(host, new Set([port]));
    else if (ports !== "all" && !ports.has(port)) {
      if (ports.size < MAX_PORTS) ports.add(port);
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
