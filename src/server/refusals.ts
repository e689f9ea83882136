/**
 * What a client sees that a server does not serve.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
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

  /** Closes `conn`, after a text if there is one. */
  refuse(conn: Deno.Conn, text?: string | Uint8Array): void {
    if (!this.#speaks(text)) return conn.close();
    this.#dismiss(this.#host.adopt(conn, { accepted: true }, "refused"), text);
  }

  /** The same for a client that a proxy has passed on: its connection has a socket already. */
  refuseClient(socket: StreamSocket, text?: string | Uint8Array): void {
    if (this.#speaks(text)) this.#dismiss(socket, text);
    else endpointOf(socket).abandon();
  }

  #speaks(text?: string | Uint8Array): text is string | Uint8Array {
    return text !== undefined && this.#underWay < MOST_AT_ONCE;
  }

  #dismiss(socket: StreamSocket, text: string | Uint8Array): void {
    this.#underWay++;
    const { scheduler } = this.#host;
    const endpoint = endpointOf(socket);
    const patience = new Patience(() => endpoint.abandon());
    scheduler.setDeadline(patience, scheduler.clock.now() + PATIENCE);
    // The client may have gone: that is no error of the program's.
    socket.send(text).catch(() => {});
    endpoint.dismiss().then(() => {
      scheduler.clearDeadline(patience);
      this.#underWay--;
    });
  }
}

/** What a client is told that the limit `by` refuses: the text of `overflow`, if it is one and the client is to hear of it. */
export function spokenText(
  by: RefusedBy,
  overflow: ServerLimits["overflow"] = "wait",
): string | Uint8Array | undefined {
  const isQuiet = overflow === "wait" || overflow === "close" ||
    by === "deny" || by === "allow";
  return isQuiet ? undefined : overflow;
}

/** The end of the time in which a refused client may take what is said to it. */
class Patience extends DeadlineEntry {
  readonly due: () => void;

  constructor(due: () => void) {
    super();
    this.due = due;
  }
}
