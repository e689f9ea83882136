/**
 * `listener`: a server of `node:net`, or of a library over it, behind one of the
 * dispatcher's.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { SslParams, SslParamsSource } from "../tls/params.ts";
import { asSocket, type DuplexSocket } from "./duplex.ts";
import { NetDuplex } from "./net_duplex.ts";

/** What {@linkcode listener} needs of a dispatcher. A `Copas` has it, and so does a narrower view of one. */
export interface ListenerHost {
  /**
   * Makes a handler for `addserver`.
   *
   * @param fn serves the socket of a connection
   * @param sslparams how TLS is done. Default: without TLS
   * @returns the handler
   * @throws {TypeError} when an argument is of the wrong type
   */
  handler(
    fn: (skt: StreamSocket) => unknown,
    sslparams?: SslParams | SslParamsSource,
  ): (conn: Deno.Conn) => unknown;
  /**
   * Waits for a promise in the calling thread.
   *
   * @param promise what to wait for
   * @param options `timeout`: seconds until the wait ends; `signal` ends it.
   * Default: no limit
   * @returns resolves as the promise does
   * @throws {TimeoutError} when `timeout` passed
   * @throws {CancelledError} when the thread was removed or `signal` aborted
   */
  wait<T>(promise: PromiseLike<T>, options?: WaitOptions): Promise<T>;
}

/** A server that is told of its connections by an event, as those of `node:net` and `node:http` are. */
export interface ConnectionEmitter {
  /**
   * Tells the server of a connection.
   *
   * @param event `"connection"`
   * @param socket the connection
   * @returns what the server's own method returns
   * @throws {Error} what a listener of the server throws
   */
  emit(event: "connection", socket: DuplexSocket): unknown;
  /** Whether the stream may go on sending when the client has ended. Default: `false`. */
  allowHalfOpen?: boolean;
}

/**
 * Makes a handler for `addserver` that gives each connection to a server of
 * `node:net`'s kind: `node:http`'s, an SMTP server's, and so on. The dispatcher
 * listens, accepts, and keeps the limits of `addserver`; each connection is a
 * thread of it, which ends when the connection does. A thread that is removed
 * ends its connection.
 *
 * The server does not listen itself. It is told that it does: `server.listening`
 * is `true` from now on, as `node:http` closes a connection after each answer
 * otherwise, and it gets a `listening` event, by which `node:http` begins to hold
 * its connections against `headersTimeout` and `requestTimeout`. `server.close()`
 * ends that and the idle connections; `copas.removeserver` ends the accepting.
 *
 * @param copas the dispatcher or view
 * @param server the library's server; or a function that takes a connection,
 * such as `aedes.handle`
 * @param sslparams how TLS is done, by the dispatcher: give the plain server
 * (`node:http`'s, not `node:https`'s). Default: without TLS
 * @returns the handler. A handler of yours may call it as well, with its socket: after a
 * look by `peek` at what the client speaks
 * @throws {TypeError} when `copas` is no dispatcher, `server` is neither, or
 * `sslparams` is not what it should be
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import copas from "jsr:@copas/copas";
 * import { listener } from "jsr:@copas/copas/node";
 *
 * const server = createServer((_request, response) => {
 *   response.end("hello\n");
 * });
 * copas.addserver(
 *   copas.socket.bind("127.0.0.1", 8080),
 *   listener(copas, server),
 *   { name: "http", maxConnections: 1000 },
 * );
 * await copas.loop();
 * ```
 */
export function listener(
  copas: ListenerHost,
  server: ConnectionEmitter | ((socket: DuplexSocket) => unknown),
  sslparams?: SslParams | SslParamsSource,
): (conn: Deno.Conn | StreamSocket) => unknown {
  if (typeof copas?.handler !== "function") {
    const expected = "a Copas, or a view of one";
    throw wrongType("listener()", "the dispatcher", expected, copas);
  }
  if (typeof server !== "function") {
    if (typeof server?.emit !== "function") {
      const expected = "a server with emit(), or a function";
      throw wrongType("listener()", "the server", expected, server);
    }
    pretendToListen(server);
  }
  // It takes a Copas socket, too, as `copas.wrap` does.
  return copas.handler(
    (skt) => serve(copas, server, skt),
    sslparams,
  ) as (conn: Deno.Conn | StreamSocket) => unknown;
}

async function serve(
  copas: ListenerHost,
  server: ConnectionEmitter | ((socket: DuplexSocket) => unknown),
  skt: StreamSocket,
): Promise<void> {
  const isFunction = typeof server === "function";
  const allowHalfOpen = !isFunction && server.allowHalfOpen === true;
  const duplex = new NetDuplex(skt, { allowHalfOpen });
  const { promise, resolve } = Promise.withResolvers<void>();
  duplex.once("close", resolve);
  try {
    if (isFunction) server(asSocket(duplex));
    else server.emit("connection", asSocket(duplex));
    await copas.wait(promise);
  } finally {
    // The thread was removed, or the library has failed.
    duplex.destroy();
  }
}

/** The property is the object's own, as it is a getter of the class of `node:net`. */
function pretendToListen(server: ConnectionEmitter): void {
  const { listening } = server as { listening?: boolean };
  if (listening !== false) return;
  Object.defineProperty(server, "listening", {
    value: true,
    writable: true,
    configurable: true,
  });
  (server as { emit(event: string): unknown }).emit("listening");
}
