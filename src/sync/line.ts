/**
 * What lock, semaphore, queue and future have in common: a line of threads that
 * wait, how long each of them waits, and the calls that are refused at once.
 *
 * @module
 */

import { checkWaitOptions } from "../arguments.ts";
import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { Wait, type WaitOptions } from "../core/wait.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { CancelledError } from "../errors.ts";

/** How long a call waits. */
export interface Limit {
  /** Seconds; `Infinity` is for ever. */
  readonly seconds: number;
  readonly signal?: AbortSignal;
}

/** Reads the argument of a call that says how long it waits: seconds or an object. `usual` is what holds without. */
export function readLimit(
  call: string,
  timeout: number | WaitOptions | undefined,
  usual: number,
): Limit {
  const options = typeof timeout === "object" ? timeout : { timeout };
  checkWaitOptions(call, options);
  const { timeout: seconds = usual, signal } = options;
  return { seconds: seconds < 0 ? Infinity : seconds, signal };
}

/** A thread's wait for a tool. Without an end it does not keep `loop()` going. */
export abstract class ToolWait<T> extends Wait<T> {
  readonly #tool: object;

  constructor(scheduler: Scheduler, tool: object, seconds: number) {
    super(scheduler, "sleep", undefined, seconds === Infinity);
    this.#tool = tool;
  }

  override get tool(): object {
    return this.#tool;
  }
}

/** Those who wait for a tool, in their order. */
// deno-lint-ignore no-explicit-any
export class Line<W extends ToolWait<any>> extends TimedWaitQueue<W> {
  /** Lets `wait` stand in line, and gives what its thread awaits. */
  join(wait: W, limit: Limit): W["promise"] {
    this.pushFor(wait, limit.seconds);
    if (limit.signal !== undefined) wait.endOn(limit.signal);
    return wait.promise;
  }

  /** Nobody will be served any more: everybody gets an error of his own. */
  dissolve(error: (wait: W) => unknown): void {
    for (const wait of this) wait.rejectLater(error(wait));
    this.dispose();
  }
}

/** The reason why a call gets nothing although there may be something; `failure` begins its message. */
export function refusal(
  task: Thread,
  signal: AbortSignal | undefined,
  failure: () => string,
): CancelledError | undefined {
  if (task.removed) {
    return new CancelledError(`${failure()}: the thread was removed`);
  }
  if (!signal?.aborted) return undefined;
  return new CancelledError(`${failure()}: the signal was aborted`, {
    cause: signal.reason,
  });
}

/** The promise of a call that fails at once. */
export function rejected(error: unknown): Promise<never> {
  return handled(Promise.reject(error));
}
