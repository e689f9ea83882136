/**
 * The gate: holds every address against the dispatcher's scope before the
 * system is asked, and notes what is used.
 *
 * @module
 */

import { ScopeError } from "../errors/errors.ts";
import { AccessLog, type NetAccess } from "./access.ts";
import { formatAddress } from "./address.ts";
import { parseIpHost } from "./ip.ts";
import {
  type Direction,
  type NetScope,
  readScope,
  type Scope,
} from "./scope.ts";

/** Finds the addresses of a name. */
export type Lookup = (name: string) => Promise<string[]>;

/** What is done with an address, in the words of errors. */
const FAILED = { listen: "Cannot listen on", connect: "Cannot connect to" };

/**
 * Where an address is held against a scope, and against the scopes around it.
 *
 * `Network` does it for all sockets: what connects by `copas.socket.tcp()` of a
 * dispatcher, as http, ftp and smtp do, needs nothing of this. Whoever reaches
 * the network in another way gets the dispatcher's `network.policy`, and connects
 * to what that gives, not to the name:
 *
 * ```ts ignore
 * gate.admit("connect", host, port); // throws a ScopeError
 * const addresses = await gate.resolve(host, port);
 * ```
 *
 * Where `resolve` gives `undefined`, connect to the name, and ask
 * `gate.admitResolved` about the peer's address when the connection is there,
 * before anything is sent.
 */
export class NetPolicy {
  readonly #outer?: NetPolicy;
  readonly #net?: NetScope;
  readonly #scopes?: Record<Direction, Scope>;
  readonly #lookup: Lookup;
  readonly #log = new AccessLog();

  /** Without `net` everything is allowed that the `outer` gate allows. */
  constructor(
    call: string,
    net?: NetScope,
    outer?: NetPolicy,
    lookup: Lookup = outer?.lookup ?? systemLookup,
  ) {
    this.#outer = outer;
    this.#scopes = net === undefined ? undefined : readScope(call, net);
    // A copy: the caller may change the list later.
    this.#net = structuredClone(net);
    this.#lookup = lookup;
  }

  /** How names are looked up. */
  get lookup(): Lookup {
    return this.#lookup;
  }

  /** This gate's scope and those around it, as they were given. */
  get scopes(): NetScope[] {
    const outer = this.#outer?.scopes ?? [];
    return this.#net === undefined ? outer : [this.#net, ...outer];
  }

  /** Whether there is any scope to hold an address against. */
  get isScoped(): boolean {
    return this.#scopes !== undefined || this.#outer?.isScoped === true;
  }

  /**
   * Lets an address pass as it is written.
   *
   * @throws {ScopeError} when it is outside the scope
   */
  admit(
    direction: Direction,
    host: string,
    port: number,
    failed: string = FAILED[direction],
  ): void {
    this.check(direction, host, port, failed);
    this.use(direction, host, port);
  }

  /** The same for an address that is not used at once. */
  check(
    direction: Direction,
    host: string,
    port: number,
    failed: string = FAILED[direction],
  ): void {
    this.#require(
      (scope) => scope.allows(host, port),
      direction,
      host,
      port,
      failed,
    );
  }

  /**
   * Lets the address pass that a name has turned out to be. An address as
   * `host` was held against the scope already.
   *
   * @throws {ScopeError} when the name must not point there
   */
  admitResolved(
    direction: Direction,
    host: string,
    port: number,
    ip: string,
    failed: string = FAILED[direction],
  ): void {
    if (parseIpHost(host) !== undefined) return;
    this.#require(
      (scope) => scope.mayPointTo(ip, port, host),
      direction,
      ip,
      port,
      `${failed} ${formatAddress(host, port)}, which is`,
    );
  }

  /** Notes that an address was used which needs no entry in the scope. */
  use(direction: Direction, host: string, port: number): void {
    this.#log.add(direction, host, port);
    this.#outer?.use(direction, host, port);
  }

  /** Notes that something was used that needs `--unstable-net`. */
  useUnstable(): void {
    this.#log.unstable = true;
    this.#outer?.useUnstable();
  }

  /** What has been used through this gate and those within it. */
  get access(): NetAccess {
    return this.#log.take();
  }

  /**
   * The addresses of a name that may be connected to, so that what was checked
   * is what is connected to. `undefined`: connect to `host` itself. It is an
   * address, there is no scope, or Deno does not grant what it takes to look
   * the name up and to connect to its address; then `admitResolved` must be
   * asked when the connection is there.
   *
   * @throws {ScopeError} when the name points out of the scope
   * @throws {Deno.errors.NotFound} when it can't be found
   */
  async resolve(
    host: string,
    port: number,
    failed: string = FAILED.connect,
  ): Promise<string[] | undefined> {
    if (!this.isScoped || parseIpHost(host) !== undefined) return undefined;
    if (!isGranted(host)) return undefined;
    let found;
    try {
      found = await this.#lookup(host);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Deno.errors.NotFound(`unknown host; ${why}`, { cause });
    }
    let refused: unknown;
    const admitted = found.filter((ip) => {
      try {
        this.admitResolved("connect", host, port, ip, failed);
        return true;
      } catch (error) {
        refused ??= error;
        return false;
      }
    });
    if (admitted.length === 0 && refused !== undefined) throw refused;
    const granted = admitted.filter((ip) => isGranted(formatAddress(ip, port)));
    return granted.length > 0 ? granted : undefined;
  }

  #require(
    allowed: (scope: Scope) => boolean,
    direction: Direction,
    host: string,
    port: number,
    failed: string,
  ): void {
    const scope = this.#scopes?.[direction];
    if (scope !== undefined && !allowed(scope)) {
      const address = /^(unix|vsock):/.test(host)
        ? host
        : formatAddress(host, port);
      throw new ScopeError(
        `${failed} ${address}: it is outside the dispatcher's network scope; ` +
          `add "${address}" to its net, for ${direction}`,
        { address, entry: address },
      );
    }
    if (this.#outer === undefined) return;
    this.#outer.#require(allowed, direction, host, port, failed);
  }
}

/** Asks Deno without asking the user. */
function isGranted(host: string): boolean {
  try {
    return Deno.permissions.querySync({ name: "net", host }).state ===
      "granted";
  } catch {
    return false; // no host in Deno's eyes
  }
}

async function systemLookup(name: string): Promise<string[]> {
  // Deno's own resolver knows only DNS; the system's knows the hosts file as well.
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(name, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}
