/**
 * The peer of a datagram socket. UDP has no connections: that only its datagrams
 * are received is seen to here.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import { type Ip, parseIp } from "../net/ip.ts";
import type { SenderFilter } from "./datagram_receiver.ts";

/** The address to which `send` sends, and from which `receive` receives. */
export class DatagramPeer implements SenderFilter {
  /** The address in the form of Deno's. */
  readonly addr: Deno.NetAddr;
  readonly #ip: Ip;

  /**
   * Reads an address.
   *
   * @throws {TypeError} when `ip` is no IP address
   */
  constructor(call: string, ip: string, port: number) {
    const parsed = parseIp(ip);
    if (parsed === undefined) {
      throw wrongType(call, "the ip", "an IP address", ip);
    }
    this.#ip = parsed;
    this.addr = { transport: "udp", hostname: ip, port };
  }

  /** Whether a datagram from this address is the peer's. */
  admits(ip: string, port: number): boolean {
    if (this.addr.port !== port) return false;
    if (this.addr.hostname === ip) return true;
    // The same address may have been written in another way.
    const from = parseIp(ip);
    return from?.bits === this.#ip.bits && from.value === this.#ip.value;
  }
}
