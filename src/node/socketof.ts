/**
 * `socketof`: a stream of `node:stream` as a Copas socket.
 *
 * @module
 */

import type { Duplex } from "node:stream";
import { wrongType } from "../errors/arguments.ts";
import copas from "../copas/default.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import { StreamConn } from "./stream_conn.ts";

/** What {@linkcode socketof} needs of a dispatcher. A `Copas` has it, and so does a narrower view of one. */
export interface SocketHost {
  /**
   * Makes a connection a Copas socket.
   *
   * @param conn the connection
   * @param options its name, timeouts in seconds and limits in bytes. Default: none
   * @returns the socket
   * @throws {TypeError} when an argument is of the wrong type
   */
  wrap(conn: Deno.Conn, options?: StreamSocketOptions): StreamSocket;
}

const sockets = new WeakMap<SocketHost, WeakMap<Duplex, StreamSocket>>();

/**
 * Makes a duplex of `node:stream` a Copas socket: the channel of an SSH client,
 * a connection that another library has made, one side of a pipe. Lines, frames,
 * timeouts and TLS then work on it as on a connection.
 *
 * The stream is the socket's from now on: it is read when a thread receives, and
 * it ends when the socket is closed. Asked again, it gives the same socket.
 *
 * @param duplex the stream, of bytes; it must not be read by other code
 * @param host the dispatcher or view that the socket belongs to. Default: the
 * default dispatcher
 * @param options its name, timeouts in seconds and limits in bytes. Default: none
 * @returns the socket
 * @throws {TypeError} when `duplex` is no duplex stream of bytes
 *
 * @example
 * ```ts
 * import { connect } from "node:net";
 * import copas from "jsr:@copas/copas";
 * import { socketof } from "jsr:@copas/copas/node";
 *
 * copas.addthread(async () => {
 *   const skt = socketof(connect(8080, "127.0.0.1"));
 *   await skt.send("hello\n");
 *   console.log(await skt.receive());
 *   await skt.close();
 * });
 * await copas.loop();
 * ```
 */
export function socketof(
  duplex: Duplex,
  host: SocketHost = copas,
  options?: StreamSocketOptions,
): StreamSocket {
  const { _readableState, _writableState, readableObjectMode } = (duplex ??
    {}) as Duplex & Record<string, unknown>;
  if (!_readableState || !_writableState || readableObjectMode) {
    const expected = "a duplex of node:stream, of bytes";
    throw wrongType("socketof()", "the stream", expected, duplex);
  }
  let known = sockets.get(host);
  if (known === undefined) sockets.set(host, known = new WeakMap());
  let socket = known.get(duplex);
  if (socket === undefined) {
    socket = host.wrap(
      // A Copas socket makes web streams of its own.
      new StreamConn(duplex) as unknown as Deno.Conn,
      options,
    );
    known.set(duplex, socket);
  }
  return socket;
}
