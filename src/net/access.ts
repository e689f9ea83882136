/**
 * What a dispatcher has used of the network, and the shortest grant for it.
 *
 * @module
 */

import { formatAddress } from "./address.ts";
import { parseIp } from "./ip.ts";
import { isLoopback } from "./public_address.ts";
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
  /** Whether it has started workers with permissions of their own, which needs `--unstable-worker-options`. */
  readonly unstableWorkers: boolean;
  /** Whether it has used more hosts than the 256 that each list holds. Then only the whole network is enough. */
  readonly truncated: boolean;

  /**
   * Only Copas calls it: use `copas.netaccess()`.
   *
   * @ignore
   */
  constructor(
    listen: string[],
    connect: string[],
    { unstable = false, unstableWorkers = false, truncated = false } = {},
  ) {
    this.listen = listen;
    this.connect = connect;
    this.unstable = unstable;
    this.unstableWorkers = unstableWorkers;
    this.truncated = truncated;
  }

  /**
   * Writes Deno's flags that grant all of it, for a command line. A Unix socket
   * also gets `--allow-read` and `--allow-write` for its path. A flag is quoted
   * where a shell needs that.
   *
   * An entry has no port where the port is another one in the next run: that of
   * a peer that sent first, of a data connection of FTP, of the workers' port 0,
   * and of a server of this dispatcher on port 0 that it connects to itself.
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
    const net = this.truncated ? ["--allow-net"] : flags("net", entries);
    return [
      ...(this.unstable ? ["--unstable-net"] : []),
      ...(this.unstableWorkers ? ["--unstable-worker-options"] : []),
      ...net,
      ...flags("read", paths),
      ...flags("write", paths),
    ].join(" ");
  }
}

/** Tells whether another entry has the same host without a port, and so allows this one. */
function isCovered(entry: string, all: string[]): boolean {
  const colon = entry.lastIndexOf(":");
  return colon > 0 && all.includes(entry.slice(0, colon));
}

/**
 * The flag for some values, if there are any. Brackets and stars are patterns
 * of file names to a shell; double quotes take that from them in each one,
 * those of Windows included. What double quotes would not do for, a path can
 * have: then single ones do, of which Windows knows only PowerShell's.
 */
function flags(name: string, values: string[]): string[] {
  if (values.length === 0) return [];
  const text = `--allow-${name}=${values.join(",")}`;
  if (/^[\w=,.:\/-]+$/.test(text)) return [text];
  if (!/["$`\\!%]/.test(text)) return [`"${text}"`];
  return [`'${text.replaceAll("'", `'\\''`)}'`];
}

/** A host with more ports gets one entry without a port: most likely the system has chosen them. */
const MAX_PORTS = 8;

/** How many hosts are kept, for each direction. A server can have any number of peers. */
const MAX_HOSTS = 256;

/** How many of its own ports are remembered that the system chose. */
const MAX_OWN_PORTS = 1024;

/** Remembers which peers have sent something. */
export interface Hearing {
  /** Whether a datagram has come from this address lately: then its port is the peer's choice. */
  hasHeard(host: string, port: number): boolean;
}

/** Collects the addresses that are used. */
export class AccessLog {
  /** Whether something was used that needs `--unstable-net`. */
  unstable = false;
  /** Whether something was used that needs `--unstable-worker-options`. */
  unstableWorkers = false;
  #truncated = false;
  readonly #ownPorts = new Set<number>();
  readonly #used = {
    listen: new Map<string, Set<number> | "all">(),
    connect: new Map<string, Set<number> | "all">(),
  };

  /**
   * Records an address.
   *
   * @param host may also be `"unix:/path"` or `"vsock:CID:PORT"`; then the port is ignored
   * @param port `undefined`: one that is another one each time
   * @param hearing of the socket that sends to the address
   */
  add(
    direction: Direction,
    host: string,
    port: number | undefined,
    hearing?: Hearing,
  ): void {
    const hosts = this.#used[direction];
    const ports = hosts.get(host);
    if (ports === "all" || (port !== undefined && ports?.has(port))) return;
    if (ports === undefined && hosts.size >= MAX_HOSTS) {
      this.#truncated = true;
    } else if (
      port === undefined || ports !== undefined && ports.size >= MAX_PORTS ||
      hearing?.hasHeard(host, port) || this.#isOwn(host, port)
    ) hosts.set(host, "all");
    else if (ports === undefined) hosts.set(host, new Set([port]));
    else ports.add(port);
  }

  /** Remembers a port that the system has chosen for a listener. */
  addOwnPort(port: number): void {
    if (this.#ownPorts.size < MAX_OWN_PORTS) this.#ownPorts.add(port);
  }

  #isOwn(host: string, port: number): boolean {
    if (!this.#ownPorts.has(port)) return false;
    const ip = parseIp(host);
    return host === "localhost" || this.#used.listen.has(host) ||
      ip !== undefined && isLoopback(ip);
  }

  /** What was used until now. */
  take(): NetAccess {
    return new NetAccess(this.#entries("listen"), this.#entries("connect"), {
      unstable: this.unstable,
      unstableWorkers: this.unstableWorkers,
      truncated: this.#truncated,
    });
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
