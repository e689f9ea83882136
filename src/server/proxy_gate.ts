/**
 * What stands between an accepted connection and its handler where a proxy is in
 * front of the server: the PROXY header is read first.
 *
 * @module
 */

import type { ServerOptions } from "./options.ts";
import { type ProxyRule, readProxyOptions } from "./proxy_options.ts";
import type { SocketHandler } from "./socket_handler.ts";

/** Lets only connections pass whose header is as it must be. */
export class ProxyGate {
  readonly #rule: ProxyRule;
  readonly #onrefused: () => void;
  /** Loaded when the first server needs it, and not when a client comes: with no descriptor left, Deno can't open the file, and ends the process (2.9.6). */
  readonly #reader = import("./proxy_header.ts");

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
    { proxyProtocol }: ServerOptions,
    listener: Deno.Listener,
    onrefused: () => void,
  ): ProxyGate | undefined {
    if (proxyProtocol === undefined) return undefined;
    const call = "addserver()";
    if (listener.constructor?.name === "TlsListener") {
      throw new TypeError(
        `${call}: proxyProtocol: a PROXY header comes before TLS, and the listener is one of Deno.listenTls; ` +
          "use copas.socket.bind(), and give sslparams to copas.handler()",
      );
    }
    return new ProxyGate(readProxyOptions(call, proxyProtocol), onrefused);
  }

  /** Reads the header, and calls `handler` then. */
  before(handler: SocketHandler): SocketHandler {
    return async (socket) => {
      const { ProxyHeaderError, readProxyHeader } = await this.#reader;
      try {
        await readProxyHeader(socket, this.#rule);
      } catch (error) {
        if (error instanceof ProxyHeaderError) this.#onrefused();
        throw error;
      }
      await handler(socket);
    };
  }
}
