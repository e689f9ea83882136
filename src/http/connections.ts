/**
 * Connections that are kept after a request, for the next one to the same
 * server.
 *
 * @module
 */

import { TimeoutError } from "../errors/errors.ts";
import { abandon } from "../requests/socket_duplex.ts";
import { endpointOf } from "../socket/internals.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { HttpRequest } from "./params.ts";

/** How many idle connections are kept to one server. */
const MAX_IDLE = 32;

/** The longest time that a timer of the platform takes. */
const MAX_TIMER = 2 ** 31 - 1;

/**
 * For how many milliseconds what was read so far tells enough of a connection.
 * After that, one that the server had closed, or on which it says that it is
 * going to (`408`), is not seen where no dispatcher was driven meanwhile.
 */
const FRESH = 10;

/** A connection that waits for its next request. */
interface Idle {
  readonly socket: StreamSocket;
  /** Since when, by `performance.now()`. */
  readonly since: number;
}

/**
 * The idle connections of one host. All were made by it, so its scope has
 * allowed each of them; a request to another server, by a redirect as well,
 * gets none.
 */
export class Connections {
  readonly #seconds: number;
  /** By what they lead to, the last one that was used at the end. */
  readonly #idle = new Map<string, Idle[]>();
  #timer?: ReturnType<typeof setTimeout>;
  /** So that parameters of TLS are told apart: those of another object may be another identity. */
  readonly #identities = new WeakMap<object, number>();
  #count = 0;

  /** @param seconds how long one may be idle; 0: none is kept */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Whether connections are kept. */
  get isKeeping(): boolean {
    return this.#seconds > 0;
  }

  /**
   * An idle connection that is still open, if there is one.
   *
   * @param mayRetry whether it does little harm if the server has just closed it
   */
  async take(
    request: HttpRequest,
    mayRetry: boolean,
  ): Promise<StreamSocket | undefined> {
    const { connect, send, receive } = request.timeouts;
    const idle = this.#idle.get(this.#keyOf(request));
    for (let next; (next = idle?.pop()) !== undefined;) {
      const { socket, since } = next;
      const isFresh = mayRetry && performance.now() - since < FRESH;
      if (isFresh ? isQuiet(socket) : await staysQuiet(socket)) {
        socket.settimeouts(connect, send, receive);
        return socket;
      }
      abandon(socket);
    }
    return undefined;
  }

  /** Keeps a connection over which `request` has gone, or closes it. */
  put(request: HttpRequest, socket: StreamSocket): void {
    const key = this.#keyOf(request);
    const idle = this.#idle.get(key) ?? [];
    if (!this.isKeeping || idle.length >= MAX_IDLE || socket.closed) {
      abandon(socket);
      return;
    }
    endpointOf(socket).connection?.receiver.watch();
    this.#idle.set(key, idle);
    idle.push({ socket, since: performance.now() });
    this.#expireIn(this.#seconds * 1000);
  }

  #expireIn(milliseconds: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#expire();
    }, Math.min(milliseconds, MAX_TIMER));
    // Nothing waits for an idle connection: neither loop() nor the process.
    Deno.unrefTimer(this.#timer);
  }

  /** Closes those whose time is up. */
  #expire(): void {
    const until = performance.now() - this.#seconds * 1000;
    let oldest = Infinity;
    for (const [key, idle] of this.#idle) {
      const count = idle.filter(({ since }) => since <= until).length;
      // They stand in the order in which they were put there.
      idle.splice(0, count).forEach(({ socket }) => abandon(socket));
      if (idle.length === 0) this.#idle.delete(key);
      else oldest = Math.min(oldest, idle[0].since);
    }
    if (oldest !== Infinity) this.#expireIn(Math.ceil(oldest - until));
  }

  /** Closes all that are idle. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { socket } of [...this.#idle.values()].flat()) abandon(socket);
    this.#idle.clear();
  }

  #keyOf({ url, proxy, sslparams }: HttpRequest): string {
    let identity = this.#identities.get(sslparams);
    if (identity === undefined) {
      identity = isEmpty(sslparams) ? 0 : ++this.#count;
      this.#identities.set(sslparams, identity);
    }
    return `${url.origin} ${proxy?.href ?? ""} ${identity}`;
  }
}

function isEmpty(sslparams: object): boolean {
  return typeof sslparams !== "function" && Object.keys(sslparams).length === 0;
}

/** Whether the server has neither closed the connection nor sent what was not asked for, by what was read so far. */
function isQuiet(socket: StreamSocket): boolean {
  return endpointOf(socket).connection?.receiver.isQuiet === true;
}

/** The same, after a look at what the system has. */
async function staysQuiet(socket: StreamSocket): Promise<boolean> {
  try {
    await socket.receivepartial(1, { timeout: 0 });
    return false;
  } catch (error) {
    return error instanceof TimeoutError;
  }
}
