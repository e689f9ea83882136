/**
 * What lock, semaphore, queue and future have in common: a line of threads that
 * wait, how long each of them waits, and the calls that are refused at once.
 *
 * @module
 */

import { checkWaitOptions } from "../errors/wait_options.ts";
import { cancellation } from "../core/cancellation.ts";
import { handled } from "../core/handled.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { Wait } from "../core/wait.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { type CancelledError, TimeoutError } from "../errors/errors.ts";

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

/** What a tool does about the waits in one of its lines. `T` is what they give, `D` what the tool notes with each. */
export interface WaiterRules<T, D> {
  /** Begins their messages: "Cannot get lock_1". */
  failure(detail: D): string;
  /** Ends the message when the time was up: "thread_2 owns it". */
  reason?(): string;
  /** The thread of a wait was removed after it had been given `value`, and before it ran. */
  revoked?(wait: ToolWait<T, D>, value: T): void;
  /** A wait has given up its place: those behind it may be able to go on. */
  abandoned?(): void;
  /** A wait has given up because its time was up. */
  expired?(wait: ToolWait<T, D>): void;
  /** A thread has got what it waited for, or an error. */
  delivered?(wait: ToolWait<T, D>): void;
}

/**
 * A thread's wait for a tool. Without an end it does not keep `loop()` going.
 *
 * One class for all tools: the engine is slow where it meets many kinds of
 * waits (with five of them a `pause` took three times as long).
 */
export class ToolWait<T, D> extends Wait<T> {
  declare task: Thread;

  constructor(readonly line: Waiters<T, D>, public detail: D, seconds: number) {
    super(line.scheduler, "sleep", undefined, seconds === Infinity);
  }

  override get tool(): object {
    return this.line.tool;
  }

  protected failure(): string {
    return this.line.rules.failure(this.detail);
  }

  protected override timeoutError(seconds: number): TimeoutError {
    return this.line.timeoutError(this.detail, seconds);
  }

  protected override revoked(value: T): void {
    this.line.rules.revoked?.(this, value);
  }

  protected override abandoned(): void {
    this.line.rules.abandoned?.();
  }

  override expire(seconds: number): void {
    if (!this.pending) return;
    super.expire(seconds);
    this.line.rules.expired?.(this);
  }

  override deliver(): void {
    super.deliver();
    this.line.rules.delivered?.(this);
  }
}

/** Those who wait for a tool, in their order. */
export class Waiters<T, D = undefined> extends TimedWaitQueue<ToolWait<T, D>> {
  readonly scheduler: Scheduler;
  /** What they wait for. */
  readonly tool: object;
  readonly rules: WaiterRules<T, D>;

  constructor(scheduler: Scheduler, tool: object, rules: WaiterRules<T, D>) {
    super(scheduler);
    this.scheduler = scheduler;
    this.tool = tool;
    this.rules = rules;
  }

  /** Lets the current thread stand in line; gives what it awaits. */
  join(detail: D, limit: Limit): Promise<T> {
    const wait = new ToolWait(this, detail, limit.seconds);
    const { promise } = wait;
    this.pushFor(wait, limit.seconds);
    if (limit.signal !== undefined) wait.endOn(limit.signal);
    return promise;
  }

  /** Gives the current thread `value` in the next round: it has had its share of this turn. */
  pass(detail: D, value: T): Promise<T> {
    const wait = new ToolWait(this, detail, 0);
    const { promise } = wait;
    wait.resolveLater(value);
    return promise;
  }

  /** Nobody will be served any more: everybody gets an error of his own. */
  dissolve(error: (detail: D) => unknown): void {
    for (const wait of this) wait.rejectLater(error(wait.detail));
    this.dispose();
  }

  /** The reason why the current thread gets nothing although there may be something. */
  refusal(detail: D, signal?: AbortSignal): CancelledError | undefined {
    const failure = () => this.rules.failure(detail);
    if (this.scheduler.current.removed) {
      return cancellation(`${failure()}: the thread was removed`);
    }
    if (!signal?.aborted) return undefined;
    return cancellation(`${failure()}: the signal was aborted`, {
      cause: signal.reason,
    });
  }

  /** What somebody gets who has waited in vain. */
  timeoutError(detail: D, seconds: number): TimeoutError {
    const { rules } = this;
    const reason = rules.reason === undefined ? "" : `; ${rules.reason()}`;
    return new TimeoutError(
      `${rules.failure(detail)}: timed out after ${seconds} s${reason}`,
    );
  }
}

/** The promise of a call that fails at once. */
export function rejected(error: unknown): Promise<never> {
  return handled(Promise.reject(error));
}
