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
  /** The dispatcher of the thread: it gets the errors of what the thread leaves running when it ends. */
  host?: unknown;
  /** The shield under which the thread runs here, if there is one. */
  shield?: unknown;
}

const contexts = new AsyncLocalStorage<ThreadContext>();
const NO_THREAD: ThreadContext = {};

/** The context in which the caller runs. */
export function currentContext(): ThreadContext | undefined {
  return contexts.getStore();
}

/** The thread in which the caller runs, whichever dispatcher it belongs to. */
export function threadInContext(): unknown {
  return contexts.getStore()?.thread;
}

/** Calls `fn` in the context of a thread; what `fn` begins stays in it. The arguments have names: rest parameters would cost a tenth of a thread. */
export function runInContext<A, B, C, R>(
  context: ThreadContext,
  fn: (a: A, b: B, c: C) => R,
  a: A,
  b: B,
  c: C,
): R {
  return contexts.run(context, fn, a, b, c);
}

/** Calls `fn` so that what it begins belongs to no thread. */
export function outsideThreads<T>(fn: () => T): T {
  return contexts.run(NO_THREAD, fn);
}
