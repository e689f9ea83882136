/**
 * A histogram of latencies: classes that grow by 1 %, so that percentiles are
 * good to 1 % and no latency is kept by itself.
 *
 * @module
 */

const GROWTH = Math.log(1.01);
const CLASSES = 2100;

/** Counts latencies from 1 µs to twenty minutes. */
export class Latencies {
  readonly #counts = new Float64Array(CLASSES);
  #total = 0;

  /** Adds `count` latencies of `milliseconds` each. */
  add(milliseconds: number, count = 1): void {
    const microseconds = Math.max(1, milliseconds * 1000);
    const at = Math.round(Math.log(microseconds) / GROWTH);
    this.#counts[Math.min(CLASSES - 1, at)] += count;
    this.#total += count;
  }

  /** Forgets all. */
  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }

  /** The latency in microseconds that `share` (0 to 1) of all do not exceed. */
  percentile(share: number): number {
    let missing = this.#total * share;
    for (const [at, count] of this.#counts.entries()) {
      missing -= count;
      if (missing <= 0 && count > 0) return Math.exp(at * GROWTH);
    }
    return 0;
  }
}
