/**
 * Keys with a lease, which processes and machines share.
 *
 * @module
 */

import type { WaitOptions } from "../errors/wait_options.ts";
import type { Lease } from "./lock.ts";
import type { Codec } from "./queue.ts";

/** How a set of keys is made. */
export interface ClusterKeysOptions<V> {
  /** The name of the set, the same in all programs that share it: letters, digits, `_` and `-`. */
  name: string;
  /** Seconds after which the keys of a process that is gone disappear, at least 0.5. Default: 30. */
  lease?: number;
  /** How values become bytes. Default: JSON. */
  codec?: Codec<V>;
}

/** A key that this program has. It is renewed until it is released or lost. */
export interface HeldKey<V> extends Lease {
  /** The key. */
  readonly key: string;
  /** The value that was stored last. */
  readonly value: V;
  /**
   * Stores another value under the key.
   *
   * @param value the value
   * @param options seconds to wait at most, or an object with `timeout` and
   * `signal`. Default: no limit
   * @returns resolves when the engine has stored it
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the key was released or lost, or the cluster closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  update(value: V, options?: number | WaitOptions): Promise<void>;
}

/**
 * Keys that processes and machines share: each belongs to the program that took
 * it, and disappears with it.
 *
 * @example Names of a chat
 * ```ts
 * import copas from "jsr:@copas/copas";
 * import { connect } from "jsr:@copas/copas/cluster/nats";
 *
 * await using cluster = await connect("nats://10.0.0.5:4222", { copas });
 * const names = cluster.keys<string>({ name: "names", lease: 30 });
 * await using ann = await names.take("ann", "room1");
 * if (ann === undefined) console.log("that name is taken");
 * for (const [name, room] of await names.list()) console.log(name, room);
 * ```
 */
export interface ClusterKeys<V> {
  /** The name of the set. */
  readonly name: string;
  /**
   * Takes a key, if no program has it.
   *
   * @param key the key: any text that is not empty, at most 128 bytes long
   * @param value its value
   * @param options seconds to wait for the engine at most, or an object with
   * `timeout` and `signal`. Default: no limit
   * @returns the key, or `undefined` when it is taken
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   * @throws {EngineError} when the engine refuses
   */
  take(
    key: string,
    value: V,
    options?: number | WaitOptions,
  ): Promise<HeldKey<V> | undefined>;
  /**
   * Gets the value of a key.
   *
   * @param key the key
   * @param options seconds to wait for the engine at most, or an object with
   * `timeout` and `signal`. Default: no limit
   * @returns the value, or `undefined` when no program has the key
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  get(key: string, options?: number | WaitOptions): Promise<V | undefined>;
  /**
   * Lists all keys with their values.
   *
   * @param options seconds to wait for the engine at most, or an object with
   * `timeout` and `signal`. Default: no limit
   * @returns the values by their keys
   * @throws {TimeoutError} when the time was up
   * @throws {ClosedError} when the cluster was closed
   * @throws {CancelledError} when the thread was removed or the signal aborted
   */
  list(options?: number | WaitOptions): Promise<Map<string, V>>;
}
