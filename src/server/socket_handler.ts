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
  [SECURES]?: boolean;
}

/** The property of a handler that begins with a TLS handshake. */
const SECURES = Symbol("secures");

/** Whether `handler` begins with a TLS handshake. */
export function securesFirst(handler: (conn: Deno.Conn) => unknown): boolean {
  return (handler as ConnectionHandler)[SECURES] === true;
}

/** Says that `handler`, given a connection, does with its socket what `serve` does. */
export function setSocketHandler(
  handler: (conn: Deno.Conn) => unknown,
  serve: SocketHandler,
  secures: boolean,
): void {
  (handler as ConnectionHandler)[SOCKET_HANDLER] = serve;
  (handler as ConnectionHandler)[SECURES] = secures;
}

/** What `handler` does with the socket of a connection, if it says so. */
export function socketHandlerOf(
  handler: (conn: Deno.Conn) => unknown,
): SocketHandler | undefined {
  return (handler as ConnectionHandler)[SOCKET_HANDLER];
}

/** What a handler calls that takes Deno's connection for a Copas socket. */
const MISTAKEN =
  /\b(receive\w*|send\w*|peek|lines|flush|settimeouts?|dohandshake|getpeername|getsockname|getstats) is not a function|is not async iterable/;

/** Calls a handler that gets Deno's connection. One that was meant for a Copas socket fails with an error that says so. */
export async function callRaw(
  handler: (conn: Deno.Conn) => unknown,
  conn: Deno.Conn,
): Promise<void> {
  try {
    await handler(conn);
  } catch (error) {
    if (!(error instanceof TypeError) || !MISTAKEN.test(error.message)) {
      throw error;
    }
    throw new TypeError(
      `${error.message}: the handler gets Deno's connection; for a Copas socket, wrap it with copas.handler()`,
      { cause: error },
    );
  }
}

/** `Deno.listenTls` hands a connection over before its handshake. */
export function afterHandshake(handler: SocketHandler): SocketHandler {
  return async (socket) => {
    await socket.dohandshake();
    await handler(socket);
  };
}
