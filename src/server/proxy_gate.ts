/**
 * What stands between an accepted connection and its handler where a proxy is in
 * front of the server: the PROXY header is read first.
 *
 * @module
 */

import { checkDelay, wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { IpList } from "../net/ip_list.ts";
import { mayProxy, type ProxyRule } from "./proxy_rule.ts";
import type { SocketHandler } from "./socket_handler.ts";

/** Which proxies stand in front of a server, and tell it who its clients are. */
export interface ProxyProtocolOptions {
  /** The addresses of the proxies: `"10.0.0.0/8"`, `"2001:db8::/32"`, `"192.0.2.1"`; `"unix"` is every peer of a Unix socket. */
  from: readonly string[];
  /** Seconds within which the header has to come, more than 0. Default: 5. */
  timeout?: number;
  /**
   * Whether a connection from any other address is closed. With `false` it is
   * served as it is: no header is looked for. From the addresses of `from` there
   * is always a header. Default: `true`.
   */
  required?: boolean;
}

const UNIX = "unix";

/** Lets only connections pass whose header is as it must be. */
export class ProxyGate {
  readonly #rule: ProxyRule;
  readonly #onrefused: () => void;
  /** Loaded when the first server needs it, and not when a client comes: with no descriptor left, Deno can't open the file, and ends the process (2.9.6). */
  readonly #reader = import("./proxy_header.ts");
  /** The errors of connections that did not pass. */
  readonly #refusals = new WeakSet<Error>();

  /** @param onrefused is called for each connection that does not pass */
  constructor(rule: ProxyRule, onrefused: () => void) {
    this.#rule = rule;
    this.#onrefused = onrefused;
    // A failure is that of each connection.
    this.#reader.catch(() => {});
  }

  /**
   * The gate of a server, if its options ask for one.
   *
   * @throws {TypeError} when the listener is one of `Deno.listenTls`: Deno would
   * take the header for a handshake
   */
  static of(
    { proxyProtocol }: { readonly proxyProtocol?: ProxyProtocolOptions },
    listener: Deno.Listener,
    meter: { refused(by: string): void },
  ): ProxyGate | undefined {
    if (proxyProtocol === undefined) return undefined;
    const call = "addserver()";
    if (listener.constructor?.name === "TlsListener") {
      throw new TypeError(
        `${call}: proxyProtocol: a PROXY header comes before TLS, and the listener is one of Deno.listenTls; ` +
          "use copas.socket.bind(), and give sslparams to copas.handler()",
      );
    }
    return new ProxyGate(
      readProxyOptions(call, proxyProtocol),
      () => meter.refused("proxyProtocol"),
    );
  }

  /** Whether the peer of `conn` is one of the proxies, which tells who its client is. */
  believes({ remoteAddr }: Deno.Conn): boolean {
    return mayProxy(this.#rule, remoteAddr);
  }

  /** Reads the header, and calls `handler` then, unless `admits` refuses the client. */
  before(handler: SocketHandler, admits: () => boolean): SocketHandler {
    return async (socket) => {
      const { ProxyHeaderError, readProxyHeader } = await this.#reader;
      try {
        await readProxyHeader(socket, this.#rule);
      } catch (error) {
        if (error instanceof ProxyHeaderError) {
          this.#refusals.add(error);
          this.#onrefused();
        }
        throw error;
      }
      if (admits()) await handler(socket);
    };
  }

  /** Whether `error` ended a connection before its handler was called. */
  hasRefused(error: unknown): boolean {
    return error instanceof Error && this.#refusals.has(error);
  }
}

/**
 * Reads the option.
 *
 * @param call names the call in the message of an error
 * @throws {TypeError} when it is of the wrong type, or names an address that is none
 * @throws {RangeError} when the timeout is negative or `NaN`
 */
export function readProxyOptions(
  call: string,
  given: ProxyProtocolOptions,
): ProxyRule {
  const name = "proxyProtocol";
  if (typeof given !== "object" || given === null) {
    throw wrongType(call, name, "an object", given);
  }
  checkKeys(call, name, given, ["from", "timeout", "required"]);
  const { from, timeout = 5, required = true } = given;
  checkDelay(call, `${name}.timeout`, timeout);
  if (typeof required !== "boolean") {
    throw wrongType(call, `${name}.required`, "a boolean", required);
  }
  const isList = Array.isArray(from);
  const addresses = isList ? from.filter((entry) => entry !== UNIX) : from;
  return {
    proxies: new IpList(call, `${name}.from`, addresses),
    isUnix: isList && from.includes(UNIX),
    timeout,
    required,
  };
}
