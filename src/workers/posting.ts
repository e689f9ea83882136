/**
 * The value that the main thread has posted last, for the workers that are there
 * and for those that are started later.
 *
 * @module
 */

import type { WorkerHandle } from "./handle.ts";
import type { Posted } from "./messages.ts";

/** Gives values to workers, and keeps the last one that they have taken. */
export class Posting {
  /** What a worker gets before it listens. */
  last?: Posted = undefined;

  /**
   * Gives `posted` to `workers`.
   *
   * @param timeout seconds that each of them may take
   * @throws {Error} when one of them does not take it: then the value before stays
   */
  async post(
    workers: readonly (WorkerHandle | undefined)[],
    posted: Posted,
    timeout: number,
  ): Promise<void> {
    const before = this.last;
    this.last = posted;
    const results = await Promise.allSettled(
      workers.map((worker) => worker?.post(posted, timeout)),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined) return;
    if (this.last === posted) this.last = before;
    throw failed.reason;
  }
}
