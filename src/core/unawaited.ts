/**
 * Rejections that no code has awaited: those of a thread's calls and async
 * functions reach the thread's error handler and do not end the process. Those of
 * waits that the dispatcher has cancelled are no news.
 *
 * @module
 */

import { currentContext } from "./current_thread.ts";
import { CancelledError } from "../errors/errors.ts";

/** What is told of a rejection. */
export interface RejectionHost {
  /** An error that `thread`, or what an ended thread left running, has not awaited. */
  rejectionUnawaited(error: unknown, thread?: unknown): void;
}

interface HostedThread {
  readonly scheduler: RejectionHost;
}

/**
 * The threads of promises that the dispatcher rejects. It does that in a round,
 * outside of the thread's context, which tells the thread of all others.
 */
const threads = new WeakMap<Promise<unknown>, HostedThread>();
let isHearing = false;

/** The dispatcher is about to reject a promise of `thread`. */
export function rejectionBelongsTo(
  thread: HostedThread,
  promise: Promise<unknown>,
): void {
  threads.set(promise, thread);
  hearRejections();
}

/** The same promise. When it is rejected and no code awaits it, the error handler of the current thread gets the error. */
export function reportUnawaited<T>(
  scheduler: { readonly current: HostedThread },
  promise: Promise<T>,
): Promise<T> {
  rejectionBelongsTo(scheduler.current, promise);
  return promise;
}

/** How errors are reported that have a report of their own. */
const reports = new WeakMap<object, () => void>();

/**
 * Calls `report`, in place of the thread's error handler and once, if a promise
 * is rejected with `error` and no code handles that by the end of the turn.
 */
export function reportUnawaitedBy(error: unknown, report: () => void): void {
  if (typeof error !== "object" || error === null) return;
  reports.set(error, report);
  hearRejections();
}

/** Begins to listen, at the first thread: importing the module does nothing. */
export function hearRejections(): void {
  if (isHearing) return;
  isHearing = true;
  globalThis.addEventListener("unhandledrejection", hear);
}

/** Deno calls it in the context in which the promise was rejected. */
function hear(event: PromiseRejectionEvent): void {
  const { promise, reason } = event;
  if (event.defaultPrevented || isCancellation(reason)) return;
  const report = reports.get(reason);
  if (report !== undefined) {
    event.preventDefault();
    // Several promises may be rejected with it.
    reports.set(reason, () => {});
    return report();
  }
  const context = currentContext();
  const thread = threads.get(promise) ?? context?.thread as HostedThread;
  const host = thread?.scheduler ?? context?.host as RejectionHost;
  if (host === undefined) return;
  event.preventDefault();
  host.rejectionUnawaited(reason, thread);
}

/** The errors that were made here. */
const made = new WeakSet<object>();
let listening = false;

/**
 * Makes a {@linkcode CancelledError} that may stay unhandled.
 *
 * A thread may have left calls behind that it never awaited, its own async
 * functions among them. When it is removed they fail, and Deno would end the
 * process for each: it is told not to, for these errors and no others.
 */
export function cancellation(
  message: string,
  options?: ErrorOptions,
): CancelledError {
  const error = new CancelledError(message, options);
  made.add(error);
  if (!listening) globalThis.addEventListener("unhandledrejection", forgive);
  listening = true;
  return error;
}

/** Whether `error` was made here. */
export function isCancellation(error: unknown): boolean {
  return typeof error === "object" && error !== null && made.has(error);
}

function forgive(event: PromiseRejectionEvent): void {
  if (isCancellation(event.reason)) event.preventDefault();
}
