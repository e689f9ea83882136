/**
 * Connections that are kept after a request, for the next one to the same
 * server.
 *
 * @module
 */

import { TimeoutError } from "../errors/errors.ts";
import { abandon } from "../requests/socket_duplex.ts";
import type { StreamSocket } from "../socket/stream_socket.ts";
import type { HttpRequest } from "./params.ts";

/** How many idle connections are kept to one server. */
const MAX_IDLE = 32;

/**
 * The idle connections of one host. All were made by it, so its scope has
 * allowed each of them; a request to another server, by a redirect as well,
 * gets none.
 */
export class Connections {
  readonly #seconds: number;
  /** By what they lead to, the last one that was used at the end. */
  readonly #idle = new Map<string, StreamSocket[]>();
  readonly #timers = new Map<StreamSocket, ReturnType<typeof setTimeout>>();
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

  /** An idle connection that is still open, if there is one. */
  async take(request: HttpRequest): Promise<StreamSocket | undefined> {
    const { connect, send, receive } = request.timeouts;
    const idle = this.#idle.get(this.#keyOf(request));
    for (let socket; (socket = idle?.pop()) !== undefined;) {
      this.#forget(socket);
      if (await isQuiet(socket)) {
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
    this.#idle.set(key, idle);
    idle.push(socket);
    const timer = setTimeout(() => {
      const at = idle.indexOf(socket);
      if (at >= 0) idle.splice(at, 1);
      if (idle.length === 0) this.#idle.delete(key);
      this.#forget(socket);
      abandon(socket);
    }, this.#seconds * 1000);
    // Nothing waits for an idle connection: neither loop() nor the process.
    Deno.unrefTimer(timer);
    this.#timers.set(socket, timer);
  }

  /** Closes all that are idle. */
  close(): void {
    for (const socket of [...this.#timers.keys()]) {
      this.#forget(socket);
      abandon(socket);
    }
    this.#idle.clear();
  }

  #forget(socket: StreamSocket): void {
    clearTimeout(this.#timers.get(socket));
    this.#timers.delete(socket);
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

/** Whether the server has neither closed the connection nor sent what was not asked for. */
async function isQuiet(socket: StreamSocket): Promise<boolean> {
  try {
    await socket.receivepartial(1, { timeout: 0 });
    return false;
  } catch (error) {
    return error instanceof TimeoutError;
  }
}
