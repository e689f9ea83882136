/**
 * What has a lock other than by `get()`: a call of `with()`, or a token of
 * `hold()`. It belongs to that call alone, whatever else its thread does.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";

/** A call that has a lock, or waits for it. */
export class Claim {
  /** How many calls have the lock by it: a `with()` within the callback of another one enters again. */
  uses = 0;

  /**
   * @param thread the thread that called, for messages
   * @param began when it called
   */
  constructor(readonly thread: Thread, readonly began: number) {}
}

/**
 * The claims in whose callbacks the caller runs, across every `await`. A list
 * of its own for each callback: one that pointed to the list outside of it
 * would keep them all, when each callback begins the next one.
 */
const claims = new AsyncLocalStorage<readonly Claim[]>();

/** Calls `fn` as the callback of a `with()` that has its lock by `claim`. */
export function runWithin<T>(claim: Claim, fn: () => T): T {
  const outer = claims.getStore()?.filter(({ uses }) => uses > 0) ?? [];
  return claims.run([...outer, claim], fn);
}

/**
 * Whether the current call belongs to the callback of a `with()` that has its
 * lock by `claim`. A thread that the callback started does not, though it
 * inherits the callback's context: it is another caller.
 */
export function isWithin(claim: Claim, scheduler: Scheduler): boolean {
  if (!claims.getStore()?.includes(claim)) return false;
  const { current } = scheduler;
  const { thread } = claim;
  // What still runs of a thread that has ended counts as code outside every thread.
  return current === thread || (thread.done && current === scheduler.main);
}
