/**
 * The dispatcher whose numbers are told.
 *
 * @module
 */

import type { Metrics } from "../core/metrics.ts";

/** What has metrics: a dispatcher, or a view of one. */
export interface Measured {
  /**
   * Tells what the dispatcher has counted.
   *
   * @returns a snapshot
   */
  metrics(): Metrics;
}
