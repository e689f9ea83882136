/**
 * What a server needs of the dispatcher.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { StreamEndpointOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { Timeouts } from "../socket/timeouts.ts";

/** What a server needs of the dispatcher. */
export interface ServerHost {
  readonly scheduler: Scheduler;
  /** Whether connections are closed when their handlers end. */
  isAutoclosing(): boolean;
  /** The server's name, from which its connections have theirs. */
  name(): string;
  /** What accepted sockets start with. */
  timeouts(): Timeouts;
  /** Makes the Copas socket of an accepted connection. */
  adopt(
    conn: Deno.Conn,
    options: StreamEndpointOptions,
    name: { toString(): string },
  ): StreamSocket;
  /** Makes the dispatcher find `socket` when it is given the connection. */
  register(conn: Deno.Conn, socket: StreamSocket): void;
}
