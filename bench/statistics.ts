/**
 * The little statistics that the benchmarks need.
 *
 * @module
 */

/** The middle of some numbers, and the least and the greatest of them. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

/** The median of at least one number, and its spread. */
export function spread(numbers: number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const median = (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
  return { median, low: sorted[0], high: sorted[sorted.length - 1] };
}
