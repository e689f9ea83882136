/**
 * How a server learns what a handler that `copas.handler` made does with the
 * Copas socket. The server then makes the socket itself and calls that: the
 * handler never sees Deno's connection, and no connection need be looked up.
 *
 * @module
 */

import type { StreamSocket } from "../socket/stream_socket.ts";

/** Serves the socket of one connection. */
export type SocketHandler = (socket: StreamSocket) => unknown;

/** The property of a handler that holds its {@linkcode SocketHandler}. */
const SOCKET_HANDLER = Symbol("socket handler");

/** The handler of a server; one that `copas.handler` made says what it does with the socket. */
interface ConnectionHandler {
  (conn: Deno.Conn): unknown;
  [SOCKET_HANDLER]?: SocketHandler;
}

/** Says that `handler`, given a connection, does with its socket what `serve` does. */
export function setSocketHandler(
  handler: (conn: Deno.Conn) => unknown,
  serve: SocketHandler,
): void {
  (handler as ConnectionHandler)[SOCKET_HANDLER] = serve;
}

/** What `handler` does with the socket of a connection, if it says so. */
export function socketHandlerOf(
  handler: (conn: Deno.Conn) => unknown,
): SocketHandler | undefined {
  return (handler as ConnectionHandler)[SOCKET_HANDLER];
}
