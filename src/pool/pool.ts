/**
 * Connections of a client that are used again and again.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import {
  checkDelay,
  checkFunction,
  checkInteger,
  wrongType,
} from "../errors/arguments.ts";
import {
  CancelledError,
  DestroyedError,
  TimeoutError,
} from "../errors/errors.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import { endpointOf } from "../socket/internals.ts";
import { StreamSocket } from "../socket/stream_socket.ts";
import { Semaphore } from "../sync/semaphore.ts";
import { Timer } from "../sync/timer.ts";
import { Lent } from "./lent.ts";

/** What a pool is made with. */
export interface PoolOptions {
  /**
   * Makes a connection. It gets what is left of the caller's `timeout`, and the
   * caller's `signal`, to hand them on.
   */
  connect: (options: WaitOptions) => Promise<StreamSocket>;
  /** How many connections there are at most, lent and idle ones together; 1 or more. Default: 10. */
  max?: number;
  /** Seconds after which a connection that is not lent is closed; `Infinity`: never. Default: 60. */
  idletimeout?: number;
  /** Asked before an idle connection is lent again; one for which it resolves to anything but `true`, or fails, is closed, and the next one is tried. Default: it is lent without a question. */
  check?: (skt: StreamSocket) => boolean | Promise<boolean>;
  /** The pool's name, for messages. Default: `copas_pool_1` and so on. */
  name?: string;
}

/** A connection that is not lent, and since when. */
interface Idle {
  readonly skt: StreamSocket;
  readonly since: number;
}

/**
 * Connections to one server, lent to one caller at a time. The one that was
 * given back last is lent first, so that those that are not needed come to their
 * idle timeout. Callers wait in their order when all are lent.
 *
 * A connection is not lent again when it is closed, or when bytes have come that
 * no caller has received: the answer to one caller's question must never reach
 * the next one.
 *
 * @example
 * ```ts
 * import copas from "jsr:@copas/copas";
 *
 * const redis = copas.pool.new({
 *   connect: (options) => copas.socket.connect("127.0.0.1", 6379, options),
 *   max: 4,
 * });
 * copas.addthread(async () => {
 *   const answer = await redis.with(async (skt) => {
 *     await skt.send("PING\r\n");
 *     return await skt.receive();
 *   }, { timeout: 5 });
 *   console.log(answer); // +PONG
 *   redis.destroy();
 * });
 * await copas.loop();
 * ```
 */
export class Pool implements Disposable {
  /** The pool's name, for messages. */
  readonly name: string;
  /** How many connections there are at most. */
  readonly max: number;
  readonly #scheduler: Scheduler;
  readonly #options: PoolOptions;
  readonly #idleTimeout: number;
  readonly #places: Semaphore;
  /** The one that was given back last stands last. */
  readonly #idle: Idle[] = [];
  #reaper?: Timer = undefined;
  #lent = 0;
  #destroyed = false;

  /** @ignore Only `copas.pool.new()` calls it. */
  constructor(scheduler: Scheduler, name: string, options: PoolOptions) {
    const call = "pool.new()";
    const { connect, max = 10, idletimeout = 60, check } = options;
    checkFunction(call, "connect", connect);
    checkInteger(call, "max", max, 1);
    checkDelay(call, "the idletimeout", idletimeout);
    if (check !== undefined) checkFunction(call, "check", check);
    this.name = name;
    this.max = max;
    this.#scheduler = scheduler;
    this.#options = options;
    this.#idleTimeout = idletimeout;
    this.#places = new Semaphore(scheduler, name, max, {
      start: max,
      timeout: Infinity,
    });
  }

  /** How many connections are lent now, those that are being made included. */
  get lent(): number {
    return this.#lent;
  }

  /** How many connections wait to be lent again. */
  get idle(): number {
    return this.#idle.length;
  }

  /** How many calls wait for a connection. */
  get waiting(): number {
    return this.#places.getwait();
  }

  /**
   * Lends a connection to `fn`, and takes it back when `fn` has ended. When `fn`
   * fails, the connection is closed: it may be in the middle of an answer.
   *
   * @param fn gets the connection
   * @param options `timeout` in seconds, within which a connection must be had;
   * `signal` to give up waiting for one. Default: no limit
   * @returns what `fn` resolves to
   * @throws {TimeoutError} when no connection could be had in time
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {DestroyedError} when the pool was destroyed
   * @throws {TypeError} when an argument is of the wrong type
   * @throws {Error} what `connect` or `fn` throws
   */
  async with<T>(
    fn: (skt: StreamSocket) => T | PromiseLike<T>,
    options?: WaitOptions,
  ): Promise<T> {
    checkFunction("with()", "fn", fn);
    using lent = await this.hold(options);
    const result = await fn(lent.socket);
    lent.release();
    return result;
  }

  /**
   * Lends a connection until the end of a block. `release` gives it back to be
   * lent again. At the end of the block a connection that was not released is
   * closed: an error may have left it in the middle of an answer.
   *
   * @param options `timeout` in seconds, within which a connection must be had;
   * `signal` to give up. Default: no limit
   * @returns the connection, as `socket` of an object for `using`
   * @throws {TimeoutError} when no connection could be had in time
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {DestroyedError} when the pool was destroyed
   * @throws {TypeError} when an option is of the wrong type
   * @throws {Error} what `connect` throws
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const pool = copas.pool.new({
   *   connect: (options) => copas.socket.connect("127.0.0.1", 6379, options),
   * });
   * using lent = await pool.hold({ timeout: 5 });
   * await lent.socket.send("PING\r\n");
   * console.log(await lent.socket.receive());
   * lent.release();
   * ```
   */
  async hold(options?: WaitOptions): Promise<Lent> {
    const { timeout, signal } = readWaitOptions("hold()", options);
    const deadline = this.#scheduler.clock.now() + timeout;
    await this.#places.take(1, { timeout, signal });
    this.#lent++;
    try {
      const skt = await this.#borrow(deadline, signal) ??
        await this.#connect(deadline, signal);
      if (this.#destroyed) {
        skt.abort();
        throw new DestroyedError(`Cannot lend from ${this.name}: destroyed`);
      }
      return new Lent(skt, (isWhole) => this.#takeBack(skt, isWhole));
    } catch (error) {
      this.#placeIsFree();
      throw error;
    }
  }

  /** An idle connection that can be used. */
  async #borrow(
    deadline: number,
    signal?: AbortSignal,
  ): Promise<StreamSocket | undefined> {
    for (let idle; (idle = this.#idle.pop()) !== undefined;) {
      const { skt } = idle;
      if (isClean(skt) && await this.#passes(skt, deadline, signal)) return skt;
      skt.abort();
      if (this.#left(deadline) > 0) continue;
      throw new TimeoutError(
        `Cannot lend from ${this.name}: the time was up before check() had found a connection`,
      );
    }
    return undefined;
  }

  /** Asks `check`. When the caller's time is up or its signal aborts, the connection is closed, which ends what the check waits for. */
  async #passes(
    skt: StreamSocket,
    deadline: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { check } = this.#options;
    if (check === undefined) return true;
    const giveUp = () => skt.abort();
    const limit = deadline === Infinity ? undefined : new Timer(
      this.#scheduler,
      `${this.name}:check`,
      { delay: this.#left(deadline), unref: true, callback: giveUp },
    );
    signal?.addEventListener("abort", giveUp);
    try {
      return await check(skt) === true && isClean(skt);
    } catch (error) {
      skt.abort();
      if (error instanceof CancelledError) throw error;
      return false;
    } finally {
      limit?.cancel();
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #left(deadline: number): number {
    return Math.max(deadline - this.#scheduler.clock.now(), 0);
  }

  async #connect(
    deadline: number,
    signal?: AbortSignal,
  ): Promise<StreamSocket> {
    const timeout = this.#left(deadline);
    const skt: unknown = await this.#options.connect({ timeout, signal });
    if (skt instanceof StreamSocket) return skt;
    const expected = "a stream socket";
    throw wrongType("pool.new()", "what connect resolves to", expected, skt);
  }

  #takeBack(skt: StreamSocket, isWhole: boolean): void {
    if (isWhole && !this.#destroyed && isClean(skt)) {
      this.#idle.push({ skt, since: this.#scheduler.clock.now() });
      // The read that begins now finds out that the server has closed, or says something unasked.
      endpointOf(skt).connection!.receiver.watch();
      this.#reapLater();
    } else if (isWhole && endpointOf(skt).connection?.sender.isWhole) {
      skt.close();
    } else skt.abort();
    this.#placeIsFree();
  }

  #placeIsFree(): void {
    this.#lent--;
    if (!this.#destroyed) this.#places.give(1);
  }

  /** Sees to it that idle connections are closed in time. */
  #reapLater(): void {
    const timeout = this.#idleTimeout;
    if (timeout === Infinity || this.#reaper?.armed) return;
    const due = this.#idle[0].since + timeout;
    this.#reaper = new Timer(this.#scheduler, `${this.name}:reaper`, {
      delay: Math.max(due - this.#scheduler.clock.now(), 0),
      unref: true,
      callback: () => this.#reap(),
    });
  }

  #reap(): void {
    const last = this.#scheduler.clock.now() - this.#idleTimeout;
    const kept = this.#idle.filter(({ skt, since }) => {
      const keeps = since > last && isClean(skt);
      if (!keeps) skt.abort();
      return keeps;
    });
    this.#idle.splice(0, Infinity, ...kept);
    if (kept.length > 0) this.#reapLater();
  }

  /**
   * Destroys the pool: idle connections are closed, callers that wait get a
   * `DestroyedError`, and what is lent is closed when it is given back. A second
   * call does nothing.
   */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#reaper?.cancel();
    for (const { skt } of this.#idle.splice(0)) skt.abort();
    this.#places.destroy();
  }

  /** Destroys the pool, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /**
   * Describes the pool, for messages and logs.
   *
   * @returns its name and counts: `"copas_pool_1: 2 of 10 lent, 1 idle, 0 waiting"`
   */
  toString(): string {
    const { name, lent, max, idle } = this;
    const waiting = this.#destroyed ? 0 : this.waiting;
    return `${name}: ${lent} of ${max} lent, ${idle} idle, ${waiting} waiting`;
  }
}

/** Whether nothing is left over from the caller that used it before, and its peer has not closed it, as far as is known. */
function isClean(skt: StreamSocket): boolean {
  const { state, connection } = endpointOf(skt);
  return state === "open" && connection!.isClean;
}
