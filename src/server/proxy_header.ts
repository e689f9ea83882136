/**
 * Reads the PROXY header of a connection before its handler, and its TLS
 * handshake, begin.
 *
 * @module
 */

import { HandshakeError, TimeoutError } from "../errors/errors.ts";
import { endpoint, formatAddr } from "../net/address.ts";
import type { ProxyHeader } from "../proxy_protocol/header.ts";
import { parseHeader } from "../proxy_protocol/parse.ts";
import type { ReadSource } from "../readiness/read_source.ts";
import { endpointOf } from "../socket/internals.ts";
import { INCOMPLETE, ReceiveRequest } from "../socket/pattern.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import { mayProxy, type ProxyRule } from "./proxy_rule.ts";

/** The error of a connection whose header is missing, late or malformed, or that comes from an address that may send none. */
export class ProxyHeaderError extends HandshakeError {}

/** Takes a header, and nothing of what follows it. */
class HeaderRequest extends ReceiveRequest<Uint8Array<ArrayBuffer>> {
  readonly wanted = "a PROXY header";
  header?: ProxyHeader;

  take(
    { buffer, isExhausted }: ReadSource,
  ): Uint8Array<ArrayBuffer> | typeof INCOMPLETE {
    const bytes = buffer.view();
    if (bytes.length === 0) return INCOMPLETE;
    this.header = parseHeader(bytes);
    if (this.header === undefined) {
      if (isExhausted) throw new SyntaxError("its PROXY header is cut short");
      return INCOMPLETE;
    }
    buffer.start += this.header.length;
    return bytes.subarray(0, this.header.length);
  }
}

/**
 * Reads the header, and lets the socket know its client's address.
 *
 * @throws {ProxyHeaderError} when the connection must not be served
 * @throws {CancelledError} when the thread was removed
 */
export async function readProxyHeader(
  socket: StreamSocket,
  rule: ProxyRule,
): Promise<void> {
  const inside = endpointOf(socket);
  const { receiver, conn } = inside.open("the PROXY header");
  const address = formatAddr(conn.remoteAddr);
  if (!mayProxy(rule, conn.remoteAddr)) {
    if (!rule.required) return;
    throw refused(
      address,
      "it is none of the proxies that proxyProtocol names",
    );
  }
  const request = new HeaderRequest();
  const { timeout } = rule;
  let bytes;
  try {
    bytes = await receiver.ask("the PROXY header", () => request, { timeout });
  } catch (error) {
    if (error instanceof SyntaxError) throw refused(address, error.message);
    if (!(error instanceof TimeoutError)) throw error;
    throw refused(address, `it sent no PROXY header within ${timeout} s`);
  }
  if (bytes === null) {
    throw refused(address, "it closed before its PROXY header");
  }
  const { client } = request.header!;
  if (client === undefined) return;
  inside.proxied = { ...client, proxy: endpoint(conn.remoteAddr) };
}

function refused(address: string, why: string): ProxyHeaderError {
  return new ProxyHeaderError(`Cannot serve ${address}: ${why}`);
}
