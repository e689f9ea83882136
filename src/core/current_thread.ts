/**
 * The context of the thread that runs, across every `await`.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";

/**
 * What the platform keeps of a thread. V8 lets go of it only at the next full
 * garbage collection, long after the thread has ended: so the thread empties
 * its context then.
 */
export interface ThreadContext {
  thread?: unknown;
}

const contexts = new AsyncLocalStorage<ThreadContext>();
const NO_THREAD: ThreadContext = {};

/** The thread in which the caller runs, whichever dispatcher it belongs to. */
export function threadInContext(): unknown {
  return contexts.getStore()?.thread;
}

/** Calls `fn` in the context of a thread; what `fn` begins stays in it. The arguments have names: rest parameters would cost a tenth of a thread. */
export function runInContext<A, B, C>(
  context: ThreadContext,
  fn: (a: A, b: B, c: C) => void,
  a: A,
  b: B,
  c: C,
): void {
  contexts.run(context, fn, a, b, c);
}

/** Calls `fn` so that what it begins belongs to no thread. */
export function outsideThreads<T>(fn: () => T): T {
  return contexts.run(NO_THREAD, fn);
}
