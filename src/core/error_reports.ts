/**
 * Which errors of threads are reported, and to which error handler.
 *
 * @module
 */

import { isEndOf } from "../errors/connection_end.ts";
import { CancelledError } from "../errors/errors.ts";
import { outsideThreads } from "./current_thread.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { Observed } from "./observed.ts";
import type { ErrorHandler, Task } from "./task.ts";
import type { Thread } from "./thread.ts";

/** The errors that an error handler has got. */
const reported = new WeakSet<object>();

/** Whether an error handler has got `error`, or what caused it. */
export function wasReported(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return reported.has(error) || wasReported(error.cause);
}

/** The part of a dispatcher that hands errors to the error handlers. */
export abstract class ErrorReports extends Observed {
  /** Stands for the code outside every thread. */
  abstract readonly main: Thread;
  abstract readonly lifecycle: Lifecycle;

  /** Are told of each error that is reported, before its handler. They do not throw. */
  readonly errorListeners: Set<(error: unknown, task: Task) => void> =
    new Set();

  /** @param errorhandler gets the errors of threads without a handler of their own */
  constructor(public errorhandler: ErrorHandler) {
    super();
  }

  /** An error has left the function of a thread. Returns the end of its async error handler. */
  threadFailed(task: Thread, error: unknown): Promise<void> | undefined {
    return this.isOrdinary(task, error)
      ? undefined
      : this.report(error, task, task.socket);
  }

  /** Whether `error` is an ordinary end: that of a thread which was told to end, or whose connection has ended. */
  isOrdinary(task: Thread, error: unknown): boolean {
    return error instanceof CancelledError
      ? task.removed || this.lifecycle.isExiting
      : (task.serves || task.removed) && isEndOf(task.socket, error);
  }

  /** A removed thread is not resumed any more: what it was about to do never happens. */
  threadGivenUp(task: Thread, refusals: number): void {
    const message =
      `Thread ${task.name} was removed, and went on after ${refusals} calls had failed: it is given up, and what it still had to do, a finally block for instance, may not have run`;
    this.report(new Error(message), task, task.socket);
  }

  /** No code has awaited the promise of a call, or of an async function, that has failed. */
  rejectionUnawaited(error: unknown, task: Thread = this.main): void {
    // What the thread left behind ended as it was removed.
    if (task.removed && error instanceof CancelledError) return;
    this.report(error, task, task.socket);
  }

  /**
   * Hands an error to the thread's error handler. An error in there is printed.
   *
   * @returns the end of an async error handler
   */
  report(
    error: unknown,
    task: Thread,
    socket?: unknown,
  ): Promise<void> | undefined {
    if (error instanceof Error) reported.add(error);
    for (const listener of this.errorListeners) listener(error, task);
    this.counts.errors.add(error);
    const handler = task.errorhandler ?? this.errorhandler;
    return callGuarded(() => handler(error, task, socket), (second) => {
      console.error(
        "Failed executing error handler:",
        second,
        "\nwhile handling:",
        error,
      );
    });
  }

  /** Runs a callback that belongs to no thread; its errors go to the default error handler. */
  guard(callback: () => unknown): void {
    callGuarded(callback, (error) => this.report(error, this.main));
  }
}

/**
 * Calls `callback` outside every thread; its error goes to `onerror`, now or
 * when its promise is rejected.
 *
 * @returns the end of an async callback; it is never rejected
 */
function callGuarded(
  callback: () => unknown,
  onerror: (error: unknown) => void,
): Promise<void> | undefined {
  try {
    const result = outsideThreads(callback);
    if (result instanceof Promise) return result.then(nothing, onerror);
  } catch (error) {
    onerror(error);
  }
  return undefined;
}

function nothing(): void {}
