/**
 * The dispatcher that carries a request.
 *
 * @module
 */

import type { WaitOptions } from "../errors/wait_options.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";

/** What a request needs of a dispatcher. A `Copas` has it, and so has a narrower view of one. */
export interface RequestHost {
  /** The maker of the request's sockets: so the network scope holds for every one of them. */
  readonly socket: { tcp(options?: StreamSocketOptions): StreamSocket };
  /** Waits for a promise on behalf of the calling thread. */
  wait<T>(promise: PromiseLike<T>, options?: WaitOptions): Promise<T>;
}
