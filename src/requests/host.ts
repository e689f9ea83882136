/**
 * The dispatcher that carries a request.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { StreamSocketOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";

/** What a request needs of a dispatcher. A `Copas` has it, and so does a narrower view of one. */
export interface RequestHost {
  /** Makes the sockets of the request, each of which checks the network scope. */
  readonly socket: { tcp(options?: StreamSocketOptions): StreamSocket };
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

/**
 * Checks that a caller has given a dispatcher.
 *
 * @param call names the call in the message of the error: `"httpFor()"`
 * @throws {TypeError} when it is none
 */
export function checkHost(call: string, host: RequestHost): void {
  if (
    typeof host?.socket?.tcp !== "function" || typeof host.wait !== "function"
  ) {
    throw wrongType(
      call,
      "the dispatcher",
      "a Copas, or a view of one",
      host,
    );
  }
}
