/**
 * `copas.pool`.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { DefaultNames } from "../sync/default_names.ts";
import { Pool, type PoolOptions } from "./pool.ts";

/** `copas.pool`: makes pools. */
export class PoolFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new DefaultNames("copas_pool", [
    "name",
    "connect",
    "max",
    "idletimeout",
    "check",
  ]);

  /** @ignore Each dispatcher makes its own: `copas.pool`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * Makes a pool. It has no connections yet: they are made when callers need them.
   *
   * @param options `connect`, which makes a connection, and any of `max`,
   * `idletimeout`, `check` and `name`
   * @returns the pool
   * @throws {TypeError} when the options are not an object or have an unknown
   * key, or one of them is of the wrong type
   * @throws {RangeError} when `max` or `idletimeout` is out of range
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const pool = copas.pool.new({
   *   connect: (options) => copas.socket.connect("127.0.0.1", 6379, options),
   *   idletimeout: 30,
   * });
   * console.log(`${pool}`); // copas_pool_1: 0 of 10 lent, 0 idle, 0 waiting
   * ```
   */
  new(options: PoolOptions): Pool {
    return this.#names.make(
      "pool.new()",
      options,
      (name) => new Pool(this.#scheduler, name, options),
    );
  }
}
