/**
 * Calls that run a function of the user's, and that the caller may leave
 * behind: when such a call fails and is not awaited, the thread's error handler
 * gets the error, and the process goes on.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { CancelledError } from "../errors/errors.ts";

/** The threads of the calls, by the promises that the callers got. */
const callers = new WeakMap<Promise<unknown>, [Scheduler, Thread]>();
let listening = false;

/** The same promise. When it is rejected and no caller awaits it, the error handler of the current thread gets the error. */
export function reportUnawaited<T>(
  scheduler: Scheduler,
  promise: Promise<T>,
): Promise<T> {
  callers.set(promise, [scheduler, scheduler.current]);
  if (!listening) globalThis.addEventListener("unhandledrejection", report);
  listening = true;
  return promise;
}

function report(event: PromiseRejectionEvent): void {
  const caller = callers.get(event.promise);
  if (caller === undefined) return;
  event.preventDefault();
  const [scheduler, thread] = caller;
  // The call ended as its thread was removed: that is no error.
  if (thread.removed && event.reason instanceof CancelledError) return;
  scheduler.report(event.reason, thread, thread.socket);
}
