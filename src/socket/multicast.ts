/**
 * The options of a datagram socket: multicast and broadcast, as far as Deno has
 * them, with LuaSocket's names.
 *
 * @module
 */

import {
  checkInteger,
  checkString,
  show,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";

/** A multicast group, and the interface on which it is joined. */
export interface MulticastGroup {
  /** The address of the group. */
  multiaddr: string;
  /** IPv4: an address of the interface, or `"*"` for the system's choice. IPv6: its index, or 0. */
  interface: string | number;
}

/** The options that a datagram socket knows, with the types of their values. */
export interface DatagramOptionValues {
  /** Whether it may send to a broadcast address. Deno always allows it. */
  "broadcast": boolean;
  /** Joins an IPv4 group. */
  "ip-add-membership": MulticastGroup;
  /** Leaves it. */
  "ip-drop-membership": MulticastGroup;
  /** Over how many routers multicasts may go, 0 to 255. Needs an IPv4 group that was joined: Deno has no hop limit for IPv6. */
  "ip-multicast-ttl": number;
  /** Whether this machine gets what the socket sends to a group. Needs a group that was joined. */
  "ip-multicast-loop": boolean;
  /** Joins an IPv6 group. By which interface the socket sends to a group Deno can't say, neither here nor for IPv4. */
  "ipv6-add-membership": MulticastGroup;
  /** Leaves it. */
  "ipv6-drop-membership": MulticastGroup;
}

/** The name of an option of a datagram socket. */
export type DatagramOption = keyof DatagramOptionValues;

type Membership = Deno.MulticastV4Membership | Deno.MulticastV6Membership;

const CALL = "setoption()";
const KNOWN: readonly string[] = [
  "broadcast",
  "ip-add-membership",
  "ip-drop-membership",
  "ip-multicast-ttl",
  "ip-multicast-loop",
  "ipv6-add-membership",
  "ipv6-drop-membership",
];

/** The groups that one socket has joined. */
export class DatagramOptions {
  readonly #conn: Deno.DatagramConn;
  readonly #joined = new Map<string, Membership>();

  constructor(conn: Deno.DatagramConn) {
    this.#conn = conn;
  }

  /** Sets an option. */
  async set(name: string, value: unknown): Promise<void> {
    switch (name) {
      case "broadcast":
        checkBoolean(value);
        if (value) return;
        throw notSupported("can't forbid broadcasts");
      case "ip-add-membership":
      case "ipv6-add-membership":
        return await this.#join(name === "ip-add-membership", value);
      case "ip-drop-membership":
      case "ipv6-drop-membership":
        return await this.#leave(value);
      case "ip-multicast-ttl": {
        checkInteger(CALL, "the value", value, 0, 255);
        const groups = [...this.#groups()].filter((group) => "setTTL" in group);
        if (groups.length === 0) {
          throw notSupported("has no hop limit for the multicasts of IPv6");
        }
        for (const group of groups) await group.setTTL(value as number);
        return;
      }
      case "ip-multicast-loop":
        checkBoolean(value);
        for (const group of this.#groups()) {
          await group.setLoopback(value as boolean);
        }
        return;
      default:
        throw notSupported(
          `has no option ${show(name)}; it has ${KNOWN.join(", ")}`,
        );
    }
  }

  async #join(isV4: boolean, value: unknown): Promise<void> {
    const group = readGroup(value);
    const { multiaddr } = group;
    const key = keyOf(group);
    if (this.#joined.has(key)) {
      throw new TypeError(
        `${CALL}: the socket has joined ${multiaddr} already`,
      );
    }
    const at = group.interface;
    let membership: Membership;
    if (isV4) {
      checkString(CALL, "interface", at);
      const address = at === "*" ? "0.0.0.0" : at as string;
      membership = await this.#conn.joinMulticastV4(multiaddr, address);
    } else {
      checkInteger(CALL, "interface", at, 0);
      membership = await this.#conn.joinMulticastV6(multiaddr, at as number);
    }
    this.#joined.set(key, membership);
  }

  async #leave(value: unknown): Promise<void> {
    const group = readGroup(value);
    const key = keyOf(group);
    const membership = this.#joined.get(key);
    if (membership === undefined) {
      throw new TypeError(
        `${CALL}: the socket has not joined ${group.multiaddr}`,
      );
    }
    this.#joined.delete(key);
    await membership.leave();
  }

  /** Deno has the options of multicasts only of a group that was joined. */
  #groups(): Iterable<Membership> {
    if (this.#joined.size > 0) return this.#joined.values();
    throw notSupported(
      "can set it only on a socket that has joined a group; use ip-add-membership first",
    );
  }
}

function notSupported(why: string): Error {
  return new Deno.errors.NotSupported(
    `${CALL}: a datagram socket of Deno ${why}`,
  );
}

function checkBoolean(value: unknown): void {
  if (typeof value !== "boolean") {
    throw wrongType(CALL, "the value", "a boolean", value);
  }
}

function readGroup(value: unknown): MulticastGroup {
  if (typeof value !== "object" || value === null) {
    const expected = "an object { multiaddr, interface }";
    throw wrongType(CALL, "the value", expected, value);
  }
  checkKeys(CALL, "the group", value, ["multiaddr", "interface"]);
  const group = value as MulticastGroup;
  checkString(CALL, "multiaddr", group.multiaddr);
  return group;
}

function keyOf({ multiaddr, interface: at }: MulticastGroup): string {
  return `${multiaddr} ${at}`;
}
