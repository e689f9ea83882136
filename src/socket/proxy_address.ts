/**
 * The PROXY protocol as sockets know it: what a proxy in front has said of the
 * client, and what a connect says to the server behind.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";
import { checkWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import { type Endpoint, endpoint } from "../net/address.ts";
import type { ConnectSettings, Preface } from "../net/network.ts";
import { ENDPOINT, endpointOf } from "./internals.ts";
import type { StreamEndpoint } from "./stream_endpoint.ts";

/** The client of a proxy: a stream socket. */
export interface ProxyClient {
  /**
   * Where the client is.
   *
   * @throws {ClosedError} when the socket is not connected
   */
  getpeername(): Endpoint;
  /**
   * What the client has connected to.
   *
   * @throws {ClosedError} when the socket is not connected
   */
  getsockname(): Endpoint;
}

/** How a socket connects. */
export interface ConnectOptions extends WaitOptions {
  /**
   * The client's connection, on whose behalf this one is made: the server is
   * told the client's address in a header of the PROXY protocol, before all
   * else, and before TLS. `version` 1 is text, 2 is binary. Default: no header;
   * of a socket alone, version 1.
   */
  proxyProtocol?: ProxyClient | { client: ProxyClient; version: 1 | 2 };
}

/** The keys that `connect` has beside those of every call that waits. */
const KEYS: readonly string[] = ["proxyProtocol"];

/**
 * Connects a socket, as its caller asks for it.
 *
 * @param settings what the library itself says of the connect
 * @throws {TypeError} when one is unknown or of the wrong type
 * @throws {RangeError} when the timeout is `NaN`
 * @throws {ClosedError} when the client is not connected
 */
export async function connectEndpoint(
  socket: StreamEndpoint,
  host: string,
  port: number,
  options?: ConnectOptions,
  settings?: ConnectSettings,
): Promise<void> {
  const call = "connect()";
  checkWaitOptions(call, options, KEYS);
  const given = options?.proxyProtocol;
  if (given === undefined) {
    return await socket.connect(host, port, options, settings);
  }
  const preface = readClient(call, given);
  const { timeout, signal } = options!;
  const wait = { timeout, signal };
  await socket.connect(host, port, wait, { ...settings, preface });
}

function readClient(call: string, given: unknown): Preface {
  const isPlain = typeof given === "object" && given !== null &&
    "client" in given;
  if (isPlain) checkKeys(call, "proxyProtocol", given, ["client", "version"]);
  const { client, version } = isPlain
    ? given as { client: unknown; version?: unknown }
    : { client: given, version: 1 };
  if (typeof client !== "object" || client === null || !(ENDPOINT in client)) {
    const expected = "the client's stream socket";
    throw wrongType(call, "proxyProtocol", expected, client);
  }
  if (version !== 1 && version !== 2) {
    throw wrongType(call, "proxyProtocol.version", "1 or 2", version);
  }
  const inside = endpointOf(client as { [ENDPOINT]: StreamEndpoint });
  const { remoteAddr, localAddr } = inside.connected(call).conn;
  const source = inside.proxied?.source ?? endpoint(remoteAddr);
  const destination = inside.proxied?.destination ?? endpoint(localAddr);
  return async () => {
    const { formatHeader } = await import("../proxy_protocol/write.ts");
    return formatHeader(version, source, destination);
  };
}
