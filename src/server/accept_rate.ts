/**
 * How often an address may connect: a bucket of tokens for each.
 *
 * @module
 */

import { checkKeys } from "../errors/known_keys.ts";
import { outOfRange, wrongType } from "../errors/arguments.ts";

/** How often an address may connect. */
export interface AcceptRate {
  /** Connections a second, more than 0, that an address may make in the long run. */
  rate: number;
  /** How many it may make at once, 1 or more. Default: the rate, at least 1. */
  burst?: number;
}

/** So many addresses are remembered: who could connect from more, connects from new ones. */
const MOST_ADDRESSES = 10_000;

/** The bucket of an address. */
interface Bucket {
  tokens: number;
  /** When it had that many, in seconds. */
  at: number;
}

/** The buckets of a server. */
export class AcceptRates {
  /** The address that connected last is the last one. */
  readonly #buckets = new Map<string, Bucket>();

  /** How many addresses are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token of the client `key`. Tells whether there was one. */
  take(key: string, now: number, { rate, burst }: AcceptRate): boolean {
    const most = burst ?? Math.max(rate, 1);
    const buckets = this.#buckets;
    const bucket = buckets.get(key);
    const { tokens, at } = bucket ?? { tokens: most, at: now };
    const left = Math.min(tokens + (now - at) * rate, most);
    if (bucket !== undefined) buckets.delete(key);
    else if (buckets.size >= MOST_ADDRESSES) this.#forgetOldest();
    const isThere = left >= 1;
    buckets.set(key, { tokens: isThere ? left - 1 : left, at: now });
    return isThere;
  }

  #forgetOldest(): void {
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}

/** Refuses a rate of the wrong type or out of range. */
export function checkAcceptRate(call: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null) {
    throw wrongType(call, "acceptrate", "{ rate, burst }", value);
  }
  checkKeys(call, "the members of acceptrate", value, ["rate", "burst"]);
  const { rate, burst } = value as AcceptRate;
  const isRate = typeof rate === "number" && rate > 0 && rate < Infinity;
  if (!isRate) {
    const expected = "a number of connections a second, above 0";
    throw refusal(rate)(call, "the rate of acceptrate", expected, rate);
  }
  if (burst === undefined || (typeof burst === "number" && burst >= 1)) return;
  const expected = "a number, 1 or more";
  throw refusal(burst)(call, "the burst of acceptrate", expected, burst);
}

function refusal(value: unknown): typeof wrongType | typeof outOfRange {
  return typeof value === "number" ? outOfRange : wrongType;
}
