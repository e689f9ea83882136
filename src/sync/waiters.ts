/**
 * The threads that wait for a lock, a semaphore, a queue or a future: their
 * order, how long each of them waits, and the errors that they get.
 *
 * @module
 */

import { cancellation } from "../core/unawaited.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { Wait } from "../core/wait.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { TimeoutError } from "../errors/errors.ts";
import type { WaitLimit } from "../errors/wait_options.ts";

/**
 * What a tool does about the waits in one of its queues. `T` is what they give
 * to their threads, `D` the detail that the tool notes with each.
 */
export interface WaiterRules<T, D> {
  /** Begins the messages of the errors: `"Cannot get lock_1"`. */
  messagePrefix(detail: D): string;
  /** Ends the message of a timeout: `"thread_2 owns it"`. */
  timeoutReason?(): string;
  /** Called when a thread was removed after its wait had been given `value`, and before the thread ran. */
  revoked?(wait: ToolWait<T, D>, value: T): void;
  /** Called when a wait has given up its place: the waits behind it may be able to go on. */
  abandoned?(): void;
  /** Called when a wait has timed out. */
  expired?(wait: ToolWait<T, D>): void;
  /** Called when a thread has got its value or its error. */
  delivered?(wait: ToolWait<T, D>): void;
}

/**
 * A thread's wait for a tool. One without a limit does not keep `loop()` going.
 *
 * One class for all tools: the engine is slow where it meets many kinds of
 * waits (with five of them a `pause` took three times as long).
 */
export class ToolWait<T, D> extends Wait<T> {
  declare task: Thread;

  constructor(
    readonly waiters: Waiters<T, D>,
    task: Thread,
    public detail: D,
    timeout: number,
  ) {
    super(task, "sleep", undefined, timeout === Infinity);
  }

  override get tool(): object {
    return this.waiters.tool;
  }

  protected failure(): string {
    return this.waiters.rules.messagePrefix(this.detail);
  }

  protected override timeoutError(seconds: number): TimeoutError {
    return this.waiters.timeoutError(this.detail, seconds);
  }

  protected override revoked(value: T): void {
    this.waiters.rules.revoked?.(this, value);
  }

  protected override abandoned(): void {
    this.waiters.rules.abandoned?.();
  }

  override expire(seconds: number): void {
    if (!this.pending) return;
    super.expire(seconds);
    this.waiters.rules.expired?.(this);
  }

  override deliver(): void {
    super.deliver();
    this.waiters.rules.delivered?.(this);
  }
}

/** The waits of threads for one thing that a tool gives, first come, first served. */
export class Waiters<T, D = undefined> extends TimedWaitQueue<ToolWait<T, D>> {
  readonly scheduler: Scheduler;
  /** The lock, semaphore, queue or future that the threads wait for. */
  readonly tool: object;
  readonly rules: WaiterRules<T, D>;

  constructor(scheduler: Scheduler, tool: object, rules: WaiterRules<T, D>) {
    super(scheduler);
    this.scheduler = scheduler;
    this.tool = tool;
    this.rules = rules;
  }

  /**
   * Lets the current thread wait behind the others; returns what it awaits.
   *
   * @param thread the current thread, if the caller knows it
   * @throws {TimeoutError} when the limit is 0 seconds: there is nothing to be had
   */
  wait(detail: D, limit: WaitLimit, thread?: Thread): Promise<T> {
    if (limit.timeout === 0) throw this.timeoutError(detail, 0);
    return this.enqueue(detail, limit, thread);
  }

  /** Does the same without a look at the limit, for a tool that serves the wait at once. */
  enqueue(
    detail: D,
    { timeout, signal }: WaitLimit,
    thread: Thread = this.scheduler.current,
  ): Promise<T> {
    const wait = new ToolWait(this, thread, detail, timeout);
    const { promise } = wait;
    this.pushFor(wait, timeout);
    if (signal !== undefined) wait.endOn(signal);
    return promise;
  }

  /** A tool for which no thread waits has no deadline. */
  protected override emptied(): void {
    this.dispose();
  }

  /** Gives the current thread `value` in the next round: in this one it has had its share of calls. */
  giveLater(detail: D, value: T): ToolWait<T, D> {
    const wait = new ToolWait(this, this.scheduler.current, detail, 0);
    wait.resolveLater(value);
    return wait;
  }

  /** Gives `value` to every thread that waits. */
  resolveAll(value: T): void {
    for (const wait of this) wait.resolveLater(value);
  }

  /** Gives every thread that waits an error of its own. No thread will wait here any more. */
  rejectAll(error: (detail: D) => unknown): void {
    for (const wait of this) wait.rejectLater(error(wait.detail));
    this.dispose();
  }

  /**
   * Refuses a call that must not begin, even if there is something to be had.
   *
   * @throws {CancelledError} when the current thread was removed, or `signal` has aborted
   */
  checkNotCancelled(detail: D, signal: AbortSignal | undefined): void {
    if (this.scheduler.isCurrentRemoved) {
      throw cancellation(
        `${this.rules.messagePrefix(detail)}: the thread was removed`,
      );
    }
    if (signal?.aborted) {
      throw cancellation(
        `${this.rules.messagePrefix(detail)}: the signal was aborted`,
        { cause: signal.reason },
      );
    }
  }

  /** The error of a call that has waited for `seconds` in vain. */
  timeoutError(detail: D, seconds: number): TimeoutError {
    const { rules } = this;
    const prefix = rules.messagePrefix(detail);
    const reason = rules.timeoutReason?.();
    const end = reason === undefined ? "" : `; ${reason}`;
    return new TimeoutError(`${prefix}: timed out after ${seconds} s${end}`);
  }
}
