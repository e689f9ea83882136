/**
 * Threads that wait for the dispatcher to exit.
 *
 * @module
 */

import type { WaitOptions } from "../errors/wait_options.ts";
import { Wait, type WaitHost } from "./wait.ts";
import { WaitQueue } from "./wait_queue.ts";

class ExitWait extends Wait<void> {
  constructor(scheduler: WaitHost) {
    super(scheduler.current, "sleep", undefined, true);
  }

  protected failure(): string {
    return "Cannot wait for the exit";
  }
}

/** The waits of one dispatcher for its exit. */
export class ExitQueue {
  readonly #scheduler: WaitHost;
  readonly #waits: WaitQueue<ExitWait> = new WaitQueue();

  constructor(scheduler: WaitHost) {
    this.#scheduler = scheduler;
  }

  /** Suspends the current thread until `release` is called. */
  wait(options: WaitOptions = {}): Promise<void> {
    const wait = new ExitWait(this.#scheduler);
    this.#waits.push(wait);
    wait.limit(options);
    return wait.promise;
  }

  /** Lets all threads go on. */
  release(): void {
    for (const wait of this.#waits) wait.resolveLater();
  }
}
