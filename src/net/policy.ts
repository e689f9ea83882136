/**
 * Which addresses a dispatcher may use: each is checked against its scope
 * before the system is asked, and what is used is recorded.
 *
 * @module
 */

import { AccessLog, type Hearing, type NetAccess } from "./access.ts";
import { formatAddress } from "./address.ts";
import { isGranted, outOfScope, unknownHost } from "./address_error.ts";
import { parseIpHost } from "./ip.ts";
import {
  type Direction,
  type NetScope,
  readScope,
  type Scope,
} from "./scope.ts";

/** Finds the addresses of a name. */
export type Lookup = (name: string) => Promise<string[]>;

/** How the message of an error begins where the caller has no better words. */
const MESSAGE_PREFIXES = {
  listen: "Cannot listen on",
  connect: "Cannot connect to",
};

/**
 * Checks addresses against the scope of a dispatcher or view, and against the
 * scope of each dispatcher or view that it was made from.
 *
 * `Network` does that for every socket, so http, ftp and smtp, which connect by
 * `copas.socket`, need nothing of this. Code that reaches the network in another
 * way takes the dispatcher's `network.policy`, and connects to the addresses
 * that it resolves to, not to the name:
 *
 * ```ts ignore
 * policy.authorize("connect", host, port); // throws a ScopeError
 * const addresses = await policy.resolve(host, port);
 * ```
 *
 * Where `resolve` gives `undefined`, such code connects to the name, and gives
 * the peer's address to `policy.checkResolved` before it sends anything.
 */
export class NetPolicy {
  readonly #parent?: NetPolicy;
  /** Of a policy of two that hold at once: the second one. */
  #other?: NetPolicy = undefined;
  readonly #net?: NetScope;
  readonly #scopes?: Record<Direction, Scope>;
  readonly #lookup: Lookup;
  readonly #log = new AccessLog();

  /**
   * @param call names the call that was given `net`, for errors
   * @param net Default: everything that `parent` allows
   * @param parent the policy of the dispatcher or view that this one narrows
   * @param lookup Default: that of `parent`, or the system's
   */
  constructor(
    call: string,
    net?: NetScope,
    parent?: NetPolicy,
    lookup: Lookup = parent === undefined ? systemLookup : parent.#lookup,
  ) {
    this.#parent = parent;
    this.#scopes = net === undefined ? undefined : readScope(call, net);
    // A copy: the caller may change the list later.
    this.#net = structuredClone(net);
    this.#lookup = lookup;
  }

  /** The scope of this policy and of those that it was made from, as they were given. */
  get scopes(): NetScope[] {
    const outer = [
      ...this.#parent?.scopes ?? [],
      ...this.#other?.scopes ?? [],
    ];
    return this.#net === undefined ? outer : [this.#net, ...outer];
  }

  /** Whether there is any scope that addresses are checked against. */
  get isScoped(): boolean {
    return this.#scopes !== undefined || this.#parent?.isScoped === true ||
      this.#other?.isScoped === true;
  }

  /** The policy that allows what this one and `other` both allow; one of them, where it is made from the other. */
  and(other: NetPolicy): NetPolicy {
    if (this.#isWithin(other)) return this;
    if (other.#isWithin(this)) return other;
    const both = new NetPolicy("", undefined, this);
    both.#other = other;
    return both;
  }

  #isWithin(outer: NetPolicy): boolean {
    const made = [this.#parent, this.#other];
    return this === outer ||
      made.some((policy) => policy !== undefined && policy.#isWithin(outer));
  }

  /**
   * Checks an address that is used at once, and records it.
   *
   * @param host as the caller has written it
   * @param messagePrefix says what fails: `"Cannot bind"`
   * @param hearing of the socket that sends to the address
   * @throws {ScopeError} when the scope does not allow it
   */
  authorize(
    direction: Direction,
    host: string,
    port: number,
    messagePrefix?: string,
    hearing?: Hearing,
  ): void {
    this.check(direction, host, port, messagePrefix);
    this.recordUse(direction, host, port, hearing);
  }

  /**
   * Checks an address without recording it.
   *
   * @param host as the caller has written it
   * @throws {ScopeError} when the scope does not allow it
   */
  check(
    direction: Direction,
    host: string,
    port: number,
    messagePrefix: string = MESSAGE_PREFIXES[direction],
  ): void {
    this.#require(
      (scope) => scope.allows(host, port),
      direction,
      host,
      port,
      messagePrefix,
    );
  }

  /**
   * Checks the address that a name has turned out to have. Where the caller has
   * written an address, `check` was enough.
   *
   * @param host as the caller has written it
   * @param ip the address that was found
   * @throws {ScopeError} when the name must not point there
   */
  checkResolved(
    direction: Direction,
    host: string,
    port: number,
    ip: string,
    messagePrefix: string = MESSAGE_PREFIXES[direction],
  ): void {
    if (parseIpHost(host) !== undefined) return;
    this.#require(
      (scope) => scope.mayPointTo(ip, port, host),
      direction,
      ip,
      port,
      `${messagePrefix} ${formatAddress(host, port)}, which is`,
    );
  }

  /**
   * Records an address that was used; for one that needs no entry in the scope,
   * without a check.
   *
   * @param port `undefined`: one that is another one each time
   * @param hearing of the socket that sends to the address
   */
  recordUse(
    direction: Direction,
    host: string,
    port: number | undefined,
    hearing?: Hearing,
  ): void {
    this.#log.add(direction, host, port, hearing);
    this.#parent?.recordUse(direction, host, port, hearing);
    this.#other?.recordUse(direction, host, port, hearing);
  }

  /** Records a port that the system has chosen for a listener. */
  recordOwnPort(port: number): void {
    this.#log.addOwnPort(port);
    this.#parent?.recordOwnPort(port);
    this.#other?.recordOwnPort(port);
  }

  /** Records that something was used that needs `--unstable-net`. */
  recordUnstable(): void {
    this.#log.unstable = true;
    this.#parent?.recordUnstable();
    this.#other?.recordUnstable();
  }

  /** Records that workers were started with permissions of their own. */
  recordUnstableWorkers(): void {
    this.#log.unstableWorkers = true;
    this.#parent?.recordUnstableWorkers();
    this.#other?.recordUnstableWorkers();
  }

  /** What was used until now, by this dispatcher or view and those made from it. */
  get access(): NetAccess {
    return this.#log.take();
  }

  /**
   * Finds the addresses of a name that the scope allows, so that what was
   * checked is what the caller connects to.
   *
   * @returns the addresses, or `undefined` when the caller has to connect to
   * `host` itself: it is an address, there is no scope, or Deno does not grant
   * to look the name up and to connect to its addresses. Then the caller gives
   * the address of the connection to `checkResolved`
   * @throws {ScopeError} when the scope allows none of the addresses
   * @throws {Deno.errors.NotFound} when the name is not found
   */
  async resolve(
    host: string,
    port: number,
    messagePrefix?: string,
  ): Promise<string[] | undefined> {
    if (!this.isScoped || parseIpHost(host) !== undefined) return undefined;
    if (!isGranted(host)) return undefined;
    let found;
    try {
      found = await this.#lookup(host);
    } catch (cause) {
      throw unknownHost(cause);
    }
    let refusal: unknown;
    const allowed = found.filter((ip) => {
      try {
        this.checkResolved("connect", host, port, ip, messagePrefix);
        return true;
      } catch (error) {
        refusal ??= error;
        return false;
      }
    });
    if (allowed.length === 0 && refusal !== undefined) throw refusal;
    const granted = allowed.filter((ip) => isGranted(formatAddress(ip, port)));
    return granted.length > 0 ? granted : undefined;
  }

  #require(
    isAllowed: (scope: Scope) => boolean,
    direction: Direction,
    host: string,
    port: number,
    messagePrefix: string,
  ): void {
    const scope = this.#scopes?.[direction];
    if (scope !== undefined && !isAllowed(scope)) {
      throw outOfScope(messagePrefix, direction, host, port);
    }
    if (this.#parent !== undefined) {
      this.#parent.#require(isAllowed, direction, host, port, messagePrefix);
    }
    if (this.#other !== undefined) {
      this.#other.#require(isAllowed, direction, host, port, messagePrefix);
    }
  }
}

async function systemLookup(name: string): Promise<string[]> {
  // Deno's own resolver knows only DNS; the system's knows the hosts file as well.
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(name, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}
