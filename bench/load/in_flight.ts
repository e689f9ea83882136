/**
 * So many operations at once, for so long, each timed.
 *
 * @module
 */

import { Latencies } from "./latencies.ts";

/** What was measured. */
export interface InFlight {
  rate: number;
  p50: number;
  p99: number;
}

/** Runs `operation` in `count` places at once for `seconds`, after a tenth of that to warm up. */
export async function inFlight(
  count: number,
  seconds: number,
  operation: (place: number) => Promise<unknown>,
): Promise<InFlight> {
  const begin = performance.now() + seconds * 100;
  const end = begin + seconds * 1000;
  const latencies = new Latencies();
  let done = 0;
  await Promise.all(Array.from({ length: count }, async (_, place) => {
    for (;;) {
      const start = performance.now();
      if (start > end) return;
      await operation(place);
      if (start < begin) continue;
      latencies.add(performance.now() - start);
      done++;
    }
  }));
  return {
    rate: done / seconds,
    p50: latencies.percentile(0.5),
    p99: latencies.percentile(0.99),
  };
}
