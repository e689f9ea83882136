/**
 * A registered server, as the program that has registered it sees it.
 *
 * @module
 */

import type { ServerCounters } from "./counters.ts";
import type { Drained, DrainOptions } from "./drain.ts";
import type { ServerLimits } from "./options.ts";
import type { ServerConnection } from "./server_connection.ts";

/** A {@linkcode Server} at one moment, as plain values. */
export interface ServerStatus {
  /** The server's name. */
  name: string;
  /** Where it listens. */
  addr: Deno.Addr;
  /** How many connections it serves. */
  serving: number;
  /** Whether it does not accept for now. */
  paused: boolean;
  /** What it has counted. */
  counters: ServerCounters;
}

/** What stands behind a {@linkcode Server}. */
export interface ServerInternals {
  readonly name: string;
  readonly addr: Deno.Addr;
  readonly serving: number;
  readonly buffered: number;
  readonly paused: boolean;
  readonly closed: boolean;
  readonly liveLimits: ServerLimits;
  copyCounters(): ServerCounters;
  changeLimits(call: string, limits: ServerLimits): void;
  connections(): ServerConnection[];
  pause(): void;
  unpause(): void;
  drain(call: string, options?: DrainOptions): Promise<Drained>;
  remove(): void;
}

/**
 * A server for connections, as `copas.addserver` returns it.
 *
 * @example Tell every ten seconds who is there
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const server = copas.addserver(
 *   copas.socket.bind("127.0.0.1", 8080),
 *   copas.handler(async (skt) => {
 *     for await (const line of skt) await skt.send(line + "\n");
 *   }),
 *   { name: "echo", maxConnections: 1000 },
 * );
 * copas.timer.new({
 *   delay: 10,
 *   recurring: true,
 *   callback() {
 *     for (const { peer, age, waitsfor } of server.connections()) {
 *       console.log(peer, age, waitsfor);
 *     }
 *   },
 * });
 * await copas.loop();
 * ```
 */
export class Server implements AsyncDisposable {
  readonly #server: ServerInternals;

  /** @ignore Only `copas.addserver` calls it. */
  constructor(server: ServerInternals) {
    this.#server = server;
  }

  /** The server's name, from which its sockets and threads have theirs. */
  get name(): string {
    return this.#server.name;
  }

  /** Where the server listens. */
  get addr(): Deno.Addr {
    return this.#server.addr;
  }

  /** How many connections it serves. */
  get serving(): number {
    return this.#server.serving;
  }

  /** How many bytes its connections keep waiting in memory: received by no thread yet, or not written. Small buffers for sending are not counted. */
  get buffered(): number {
    return this.#server.buffered;
  }

  /** What it has counted so far. Each reading gives a new object, which does not change. */
  get counters(): ServerCounters {
    return this.#server.copyCounters();
  }

  /** Whether `pause` was called, and `resume` not since. */
  get paused(): boolean {
    return this.#server.paused;
  }

  /** Whether the server has stopped listening for good. */
  get closed(): boolean {
    return this.#server.closed;
  }

  /**
   * The limits of the server. They can be changed while it runs: one at a time
   * (`server.limits.maxConnections = 100`), or several together with an object.
   * `undefined` is the default. A limit that is lowered ends no connection that
   * is being served; limits in time hold for those, too.
   */
  get limits(): ServerLimits {
    return this.#server.liveLimits;
  }
  set limits(limits: ServerLimits) {
    this.#server.changeLimits("limits", limits);
  }

  /**
   * Lists the connections that are being served.
   *
   * @returns one object for each, the oldest first
   */
  connections(): ServerConnection[] {
    return this.#server.connections();
  }

  /** Accepts no more for now; new connections wait in the system's backlog. Those that are served go on. */
  pause(): void {
    this.#server.pause();
  }

  /** Accepts again after `pause`. */
  resume(): void {
    this.#server.unpause();
  }

  /**
   * Stops listening, and lets the connections come to their end. What is left
   * after `grace` seconds is cut: the threads are cancelled, their `finally`
   * blocks run, and the connections are closed.
   *
   * @param options `grace` in seconds, 0 or more. Default: 10
   * @returns how many connections have ended by themselves (`served`), and how
   * many were cut
   * @throws {TypeError} when `grace` is not a number, or an option is unknown
   * @throws {RangeError} when `grace` is negative or `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const server = copas.addserver(
   *   copas.socket.bind("127.0.0.1", 8080),
   *   copas.handler(async (skt) => void await skt.send("hello\n")),
   * );
   * copas.addthread(async () => {
   *   await copas.pause(60);
   *   const { served, cut } = await server.drain({ grace: 5 });
   *   console.log(`${served} served, ${cut} cut`);
   * });
   * await copas.loop();
   * ```
   */
  drain(options?: DrainOptions): Promise<Drained> {
    return this.#server.drain("drain()", options);
  }

  /** Stops listening: new clients are refused. Connections that are being served go on. */
  close(): void {
    this.#server.remove();
  }

  /** Stops listening, and waits for the connections, at the end of an `await using` block: at most 10 seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  /**
   * Describes the server, for logs and for pages that show it.
   *
   * @returns its members as plain values
   */
  toJSON(): ServerStatus {
    const { name, addr, serving, paused, counters } = this;
    return { name, addr, serving, paused, counters };
  }

  /**
   * Describes the server, for messages and logs.
   *
   * @returns its name, and how many connections it serves: `"echo: serves 3"`
   */
  toString(): string {
    return `${this.name}: serves ${this.serving}`;
  }
}

/**
 * Makes an object with the limits of a server: what it is set to holds from
 * then on.
 *
 * @param read gives the limits as they are
 * @param write checks a change and takes it
 */
export function liveLimits<L extends object>(
  keys: readonly string[],
  read: () => L,
  write: (change: Partial<L>) => void,
): L {
  const limits = {} as L;
  for (const key of keys) {
    Object.defineProperty(limits, key, {
      enumerable: true,
      get: () => read()[key as keyof L],
      set: (value) => write({ [key]: value } as Partial<L>),
    });
  }
  // A limit whose name is misspelt must fail, not be ignored.
  return Object.preventExtensions(limits);
}
