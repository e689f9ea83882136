/**
 * What a client sees that a server does not serve.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamEndpointOptions } from "../socket/socket_options.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { RefusedBy } from "./admission.ts";
import type { ServerLimits } from "./options.ts";

/** Seconds in which a refused client may take what is said to it. */
const PATIENCE = 1;

/** So many refused clients are answered at once; more are closed without an answer. */
const MOST_AT_ONCE = 256;

/** What a refusal needs of the server's host. */
interface RefusalHost {
  readonly scheduler: Scheduler;
  adopt(
    conn: Deno.Conn,
    options: StreamEndpointOptions,
    name: { toString(): string },
  ): StreamSocket;
}

/** Closes connections that are not served. */
export class Refusals {
  readonly #host: RefusalHost;
  #underWay = 0;

  constructor(host: RefusalHost) {
    this.#host = host;
  }

  /**
   * Closes `conn`, which the limit `by` refuses: after the text of `overflow`, if
   * it is one and the peer is to hear of it in plain text.
   */
  refuse(
    conn: Deno.Conn,
    by: RefusedBy,
    overflow: ServerLimits["overflow"] = "wait",
    secured = false,
  ): void {
    const isQuiet = overflow === "wait" || overflow === "close" ||
      by === "deny" || by === "allow" || secured;
    if (isQuiet || this.#underWay >= MOST_AT_ONCE) return conn.close();
    this.#underWay++;
    const options = { accepted: true, linger: PATIENCE };
    const socket = this.#host.adopt(conn, options, "refused");
    const endpoint = endpointOf(socket);
    // The client may have gone: that is no error of the program's.
    socket.send(overflow).catch(() => {});
    endpoint.dismiss().then(() => this.#underWay--);
  }
}
