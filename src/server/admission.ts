/**
 * Which accepted connections a server serves, and which it refuses, by the
 * address of the peer and by how many there are.
 *
 * @module
 */

import { clientKey, IpList } from "../net/ip_list.ts";
import { AcceptRates } from "./accept_rate.ts";
import type { ServerLimits } from "./options.ts";

/** The limits by which a connection is refused. */
export type RefusedBy =
  | "deny"
  | "allow"
  | "acceptrate"
  | "maxPerAddress"
  | "maxConnections";

/** A connection, as far as it is counted by its address. */
export interface Counted {
  readonly clientAddress: string;
  /** What it is counted under: `""` where addresses are not counted, `undefined` until its proxy has told its client's. */
  addressKey: string | undefined;
}

/** What a connection is counted under, `""` where addresses are not counted; or the limit that refuses it. */
export type Decision = string | { readonly by: RefusedBy };

/** Counts connections by address, and decides. */
export class Admission {
  readonly #rates = new AcceptRates();
  /** How many connections each client has that has any. */
  readonly #counts = new Map<string, number>();
  #limits: ServerLimits = {};
  #allow?: IpList;
  #deny?: IpList;
  /** Whether addresses matter at all. */
  #asksAddress = false;

  /** Takes the limits, which are checked, and counts the connections that came while none were counted. */
  hold(limits: ServerLimits, connections: Iterable<Counted>): void {
    const { allow, deny, maxPerAddress, acceptrate } = limits;
    this.#limits = limits;
    this.#allow = allow && new IpList("limits", "allow", allow);
    this.#deny = deny && new IpList("limits", "deny", deny);
    this.#asksAddress = maxPerAddress !== undefined ||
      (allow ?? deny ?? acceptrate) !== undefined;
    if (maxPerAddress === undefined) return;
    for (const connection of connections) {
      if (connection.addressKey !== "") continue;
      connection.addressKey = this.#enter(connection.clientAddress);
    }
  }

  /** How many addresses are remembered. */
  get remembered(): number {
    return this.#counts.size + this.#rates.size;
  }

  /**
   * Decides whether an accepted connection is served.
   *
   * @param serving how many count as served already
   * @param now the time, in seconds
   */
  admit(conn: Deno.Conn, serving: number, now: number): Decision {
    if (!this.#asksAddress) return this.full(serving) ?? "";
    const addr = conn.remoteAddr;
    const address = "hostname" in addr ? addr.hostname : "";
    const by = this.#refusedBy(address, clientKey(address), now);
    if (by !== undefined) return { by };
    return this.full(serving) ?? this.#enter(address);
  }

  /** The refusal of one more connection where the server has all that it may have. */
  full(serving: number): Exclude<Decision, string> | undefined {
    const { maxConnections = Infinity, overflow = "wait" } = this.#limits;
    // Where they wait, no more is accepted than there is room for.
    return overflow !== "wait" && serving >= maxConnections
      ? { by: "maxConnections" }
      : undefined;
  }

  /** Decides by the address alone: that of a client which its proxy has told. One that `admit` has let in by its address stays. */
  admitClient(connection: Counted, now: number): RefusedBy | undefined {
    if (connection.addressKey !== undefined) return undefined;
    const address = connection.clientAddress;
    const by = this.#asksAddress
      ? this.#refusedBy(address, clientKey(address), now)
      : undefined;
    connection.addressKey = by === undefined ? this.#enter(address) : "";
    return by;
  }

  /** Counts a connection from `address`. Returns what it is counted under. */
  #enter(address: string): string {
    const key = clientKey(address);
    if (key === "" || this.#limits.maxPerAddress === undefined) return "";
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return key;
  }

  #refusedBy(address: string, key: string, now: number): RefusedBy | undefined {
    const { acceptrate, maxPerAddress = Infinity } = this.#limits;
    if (this.#deny?.has(address)) return "deny";
    if (this.#allow !== undefined && !this.#allow.has(address)) return "allow";
    if (acceptrate !== undefined && !this.#rates.take(key, now, acceptrate)) {
      return "acceptrate";
    }
    return (this.#counts.get(key) ?? 0) >= maxPerAddress
      ? "maxPerAddress"
      : undefined;
  }

  /** A connection that was counted under `key` has ended. */
  leave(key = ""): void {
    if (key === "") return;
    const left = (this.#counts.get(key) ?? 1) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}
