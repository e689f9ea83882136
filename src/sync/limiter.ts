/**
 * `copas.limiter`: token buckets, which say how often something may happen.
 *
 * @module
 */

import { rejectedCall, resolvedCall } from "../core/immediate_call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { sleepFor, yieldTurn } from "../core/sleep.ts";
import {
  checkFunction,
  checkInteger,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { TimeoutError } from "../errors/errors.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import { DefaultNames } from "./default_names.ts";

/** What a limiter lets pass. `S` is what a token is taken for: the subject. */
export interface LimiterOptions<S = void> {
  /** Tokens that come back in a second, more than 0. */
  rate: number;
  /** How many tokens a bucket holds: so many may be taken at once after a rest. A whole number, 1 or more. Default: `rate` rounded up. */
  burst?: number;
  /** Tells from a subject which bucket it draws from. Default: the subject itself is the key; without subjects there is one bucket. */
  key?: (subject: S) => unknown;
  /**
   * How many buckets are kept, 1 or more. When there are more keys, the bucket
   * that was not used for the longest time is forgotten, and is full when its
   * key comes again. Default: 10,000, which take about 1 MB.
   */
  maxkeys?: number;
  /** The limiter's name, for messages. Default: `copas_limiter_1` and so on. */
  name?: string;
}

/** What a call of a limiter takes. */
export interface TakeOptions extends WaitOptions {
  /** How many tokens, a whole number from 1 to the `burst`. Default: 1. */
  count?: number;
}

/**
 * A token bucket, or one for each key. `take` waits for its tokens, in the order
 * of the calls; `try` says whether they are there.
 *
 * @example Ten requests a second for each connection, and twenty at once
 * ```ts
 * import copas, { type StreamSocket } from "jsr:@copas/copas";
 *
 * const limiter = copas.limiter.new<StreamSocket>({ rate: 10, burst: 20 });
 * const serve = copas.handler(async (skt: StreamSocket) => {
 *   for await (const line of skt) {
 *     await limiter.take(skt);
 *     await skt.send(`${line}\n`);
 *   }
 * });
 * ```
 *
 * @example One bucket for each address, and a refusal
 * ```ts
 * import copas, { type StreamSocket } from "jsr:@copas/copas";
 *
 * const limiter = copas.limiter.new({
 *   rate: 5,
 *   key: (skt: StreamSocket) => skt.getpeername()[0],
 * });
 * const serve = copas.handler(async (skt: StreamSocket) => {
 *   await skt.send(limiter.try(skt) ? "hello\n" : "too many requests\n");
 * });
 * ```
 */
export class Limiter<S = void> {
  /** The limiter's name, for messages. */
  readonly name: string;
  /** Tokens that come back in a second. */
  readonly rate: number;
  /** How many tokens a bucket holds. */
  readonly burst: number;
  readonly #scheduler: Scheduler;
  readonly #keyOf?: (subject: S) => unknown;
  readonly #maxKeys: number;
  /**
   * When each bucket will be full: one number says all about a bucket. The one
   * that was used last stands last. A full bucket need not be here.
   */
  readonly #fullAt = new Map<unknown, number>();

  /** @ignore Only `copas.limiter.new()` calls it. */
  constructor(scheduler: Scheduler, name: string, options: LimiterOptions<S>) {
    const call = "limiter.new()";
    const { rate, key, maxkeys = 10_000 } = options;
    if (typeof rate !== "number") {
      throw wrongType(call, "the rate", "a number of tokens a second", rate);
    }
    if (!(rate > 0 && rate < Infinity)) {
      const expected = "a number of tokens a second, more than 0";
      throw outOfRange(call, "the rate", expected, rate);
    }
    const { burst = Math.ceil(rate) } = options;
    checkInteger(call, "the burst", burst, 1);
    checkInteger(call, "maxkeys", maxkeys, 1);
    if (key !== undefined) checkFunction(call, "the key", key);
    this.name = name;
    this.rate = rate;
    this.burst = burst;
    this.#scheduler = scheduler;
    this.#keyOf = key;
    this.#maxKeys = maxkeys;
  }

  /** How many buckets are kept now. */
  get keys(): number {
    return this.#fullAt.size;
  }

  /**
   * Takes tokens when they are there, and says no when they are not.
   *
   * @param subject what they are taken for
   * @param count how many, a whole number from 1 to the `burst`. Default: 1
   * @returns whether they were taken. Not, too, while calls of `take` wait for
   * the same bucket
   * @throws {TypeError} when `count` is not a number
   * @throws {RangeError} when `count` is out of range
   */
  try(subject: S, count = 1): boolean {
    checkInteger("try()", "the count", count, 1, this.burst);
    const key = this.#key(subject);
    if (this.#secondsUntil(key, count) > 0) return false;
    this.#draw(key, count);
    return true;
  }

  /**
   * Takes tokens, and waits until they are there. Calls for the same bucket are
   * served in their order.
   *
   * @param subject what they are taken for
   * @param options `count`, how many tokens, from 1 to the `burst` (default: 1);
   * `timeout` in seconds: a call that would have to wait for longer fails at
   * once, and takes nothing (default: no limit); `signal` to give up
   * @returns a promise that resolves when they are taken
   * @throws {TimeoutError} when they are not there within `timeout`
   * @throws {CancelledError} when the signal aborted, or the thread was removed
   * @throws {TypeError} when an option is of the wrong type or unknown
   * @throws {RangeError} when `count` or `timeout` is out of range
   */
  take(subject: S, options?: TakeOptions): Promise<void> {
    const call = "take()";
    try {
      const { timeout, signal } = readWaitOptions(call, options, Infinity, [
        "count",
      ]);
      const count = options?.count ?? 1;
      checkInteger(call, "the count", count, 1, this.burst);
      const key = this.#key(subject);
      const seconds = this.#secondsUntil(key, count);
      if (seconds > timeout) {
        throw new TimeoutError(
          `Cannot take from ${this.name}: timed out after ${timeout} s; there will be enough in ${
            seconds.toFixed(3)
          } s`,
        );
      }
      const { current } = this.#scheduler;
      if (seconds <= 0 && signal === undefined && !current.removed) {
        this.#draw(key, count);
        return resolvedCall(this.#scheduler, undefined);
      }
      return this.#takeLater(key, count, seconds, signal);
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  /** Tokens are drawn at once, so that later calls stand behind this one; those of a call that gives up go back. */
  async #takeLater(
    key: unknown,
    count: number,
    seconds: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const scheduler = this.#scheduler;
    this.#draw(key, count);
    try {
      const options = { signal, silent: true };
      await (seconds > 0
        ? sleepFor(scheduler, seconds, options)
        : yieldTurn(scheduler, options));
    } catch (error) {
      this.#draw(key, -count);
      throw error;
    }
  }

  /**
   * Tells how many tokens a bucket has.
   *
   * @param subject what they would be taken for
   * @returns how many could be taken now, with parts of one; less than 0 while
   * calls wait
   * @throws {Error} what `key` throws
   */
  gettokens(subject: S): number {
    const now = this.#now;
    const fullAt = this.#fullAt.get(this.#key(subject)) ?? now;
    return this.burst - Math.max(fullAt - now, 0) * this.rate;
  }

  /**
   * Describes the limiter, for messages and logs.
   *
   * @returns its name, and what it lets pass:
   * `"copas_limiter_1: 10 a second, 20 at once, 3 keys"`
   */
  toString(): string {
    return `${this.name}: ${this.rate} a second, ${this.burst} at once, ${this.keys} keys`;
  }

  get #now(): number {
    return this.#scheduler.clock.now();
  }

  #key(subject: S): unknown {
    return this.#keyOf === undefined ? subject : this.#keyOf(subject);
  }

  /** How long it takes until `count` tokens are there. */
  #secondsUntil(key: unknown, count: number): number {
    const now = this.#now;
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now);
    return fullAt - now - (this.burst - count) / this.rate;
  }

  #draw(key: unknown, count: number): void {
    const now = this.#now;
    const fullAt = Math.max(this.#fullAt.get(key) ?? now, now) +
      count / this.rate;
    this.#fullAt.delete(key);
    if (fullAt <= now) return;
    this.#fullAt.set(key, fullAt);
    this.#forgetOldest(now);
  }

  /** Forgets the buckets at the front that are full, and one more where there are too many. */
  #forgetOldest(now: number): void {
    const buckets = this.#fullAt;
    for (const [key, fullAt] of buckets) {
      if (fullAt > now && buckets.size <= this.#maxKeys) return;
      buckets.delete(key);
    }
  }
}

/** `copas.limiter`: makes limiters. */
export class LimiterFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new DefaultNames("copas_limiter", [
    "name",
    "rate",
    "burst",
    "key",
    "maxkeys",
  ]);

  /** @ignore Each dispatcher makes its own: `copas.limiter`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * Makes a limiter. Its buckets are full.
   *
   * @param options `rate`, tokens that come back in a second, and any of
   * `burst`, `key`, `maxkeys` and `name`
   * @returns the limiter
   * @throws {TypeError} when the options are not an object or have an unknown
   * key, or one of them is of the wrong type
   * @throws {RangeError} when `rate`, `burst` or `maxkeys` is out of range
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const mails = copas.limiter.new({ rate: 1 / 60, burst: 5 });
   * console.log(mails.try()); // true
   * ```
   */
  new<S = void>(options: LimiterOptions<S>): Limiter<S> {
    return this.#names.make(
      "limiter.new()",
      options,
      (name) => new Limiter(this.#scheduler, name, options),
    );
  }
}
