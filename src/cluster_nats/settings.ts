/**
 * The options of the tools, read and checked.
 *
 * @module
 */

import type { ClusterKeysOptions } from "../cluster/keys.ts";
import type { ClusterLockOptions } from "../cluster/lock.ts";
import type { ClusterQueueOptions, Codec } from "../cluster/queue.ts";
import {
  checkFunction,
  checkInteger,
  checkSeconds,
  outOfRange,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";

/** The shortest lease: a third of it has to be enough for a renewal. */
const SHORTEST = 0.5;

/** The options of a queue, all of them. */
export type QueueSettings<T> =
  & Required<Omit<ClusterQueueOptions<T>, "dead" | "maxsize">>
  & { dead?: string; maxsize?: number };

/** Reads the options of a queue. */
export function readQueueOptions<T>(
  options: ClusterQueueOptions<T>,
): QueueSettings<T> {
  const call = "queue()";
  checkKeys(call, "the options", options, [
    ...["name", "lease", "attempts", "dead", "maxsize", "backoff"],
    ...["remember", "codec"],
  ]);
  const { name, dead, lease = 30, attempts = Infinity } = options;
  const { maxsize, remember = 120 } = options;
  const { backoff = usualBackoff, codec = json as Codec<T> } = options;
  checkName(call, "name", name);
  checkLease(call, lease);
  if (attempts !== Infinity) checkInteger(call, "attempts", attempts, 1);
  if (maxsize !== undefined && maxsize !== Infinity) {
    checkInteger(call, "maxsize", maxsize, 1);
  }
  checkSeconds(call, "remember", remember);
  if (!(remember >= 0.1)) {
    throw outOfRange(call, "remember", "0.1 seconds or more", remember);
  }
  checkFunction(call, "backoff", backoff);
  checkCodec(call, codec);
  if (dead !== undefined) checkName(call, "dead", dead);
  if (dead === name) {
    throw new TypeError(`${call}: dead must be another queue than ${name}`);
  }
  if (attempts !== Infinity && dead === undefined) {
    throw new TypeError(
      `${call}: attempts needs dead, the name of the queue that takes what has ` +
        `failed ${attempts} times: it would be lost otherwise`,
    );
  }
  return { name, lease, attempts, dead, maxsize, backoff, remember, codec };
}

/** Reads the options of a lock. */
export function readLockOptions(
  options: ClusterLockOptions,
): Required<ClusterLockOptions> {
  const call = "lock()";
  checkKeys(call, "the options", options, ["name", "lease", "timeout"]);
  const { name, lease = 10, timeout = 10 } = options;
  checkName(call, "name", name);
  checkLease(call, lease);
  checkSeconds(call, "timeout", timeout);
  return { name, lease, timeout };
}

/** Reads the options of a set of keys. */
export function readKeysOptions<V>(
  options: ClusterKeysOptions<V>,
): Required<ClusterKeysOptions<V>> {
  const call = "keys()";
  checkKeys(call, "the options", options, ["name", "lease", "codec"]);
  const { name, lease = 30, codec = json as Codec<V> } = options;
  checkName(call, "name", name);
  checkLease(call, lease);
  checkCodec(call, codec);
  return { name, lease, codec };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const json: Codec<unknown> = {
  encode: (value) => {
    const text = JSON.stringify(value);
    if (text === undefined) {
      throw new TypeError(`a ${typeof value} can't be written as JSON`);
    }
    return encoder.encode(text);
  },
  decode: (bytes) => JSON.parse(decoder.decode(bytes)),
};

/** A second, then twice as long each time, a minute at most. */
export function usualBackoff(attempt: number): number {
  return Math.min(60, 2 ** (attempt - 1));
}

/** Refuses a name that the server does not take for all that is named by it. */
function checkName(call: string, option: string, name: unknown): void {
  const expected = "1 to 100 letters, digits, _ and -";
  if (typeof name !== "string") throw wrongType(call, option, expected, name);
  if (!/^[\w-]{1,100}$/.test(name)) {
    throw outOfRange(call, option, expected, name);
  }
}

function checkLease(call: string, lease: unknown): void {
  checkSeconds(call, "lease", lease);
  const seconds = lease as number;
  if (seconds >= SHORTEST && seconds < Infinity) return;
  throw outOfRange(call, "lease", `${SHORTEST} seconds or more`, lease);
}

function checkCodec(call: string, codec: unknown): void {
  const { encode, decode } = (codec ?? {}) as Record<string, unknown>;
  if (typeof encode === "function" && typeof decode === "function") return;
  throw wrongType(call, "codec", "an object with encode and decode", codec);
}
