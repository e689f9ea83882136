/**
 * How long a TLS handshake may take.
 *
 * @module
 */

import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import type { TlsMode } from "../tls/params.ts";
import type { Timeouts } from "./timeouts.ts";

/**
 * Seconds that a server gives a client for the handshake where its program sets
 * no limit: a client that connects and says nothing must not hold a connection
 * for ever.
 */
export const SERVER_HANDSHAKE_TIMEOUT = 10;

/** How long the handshakes of a server may take. */
export interface HandshakeOptions {
  /** Seconds that a TLS handshake may take. Default: the connect timeout; where there is none, 10. */
  handshaketimeout?: number;
}

/**
 * The seconds for a handshake: those of the call, else the socket's connect
 * timeout, else the server's default.
 *
 * @param options what the caller of `dohandshake` gave, checked
 * @param timeouts the socket's
 * @param mode which side this is
 * @param server what the server of the connection says, if it has one
 */
export function handshakeTimeout(
  options: WaitOptions | undefined,
  timeouts: Timeouts,
  mode: TlsMode,
  server: HandshakeOptions = {},
): number {
  const { connect } = timeouts;
  const isUnlimited = connect === Infinity && mode === "server";
  const usual = server.handshaketimeout ??
    (isUnlimited ? SERVER_HANDSHAKE_TIMEOUT : connect);
  return readWaitOptions("dohandshake()", options, usual).timeout;
}
