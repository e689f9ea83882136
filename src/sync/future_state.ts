/**
 * The outcome of a future: what it is, the threads that wait for it, and the
 * report of an error that no thread asks for.
 *
 * @module
 */

import { settleRace } from "../core/race_signal.ts";
import { handled } from "../core/handled.ts";
import { rejectedCall, resolvedCall } from "../core/immediate_call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { Thread } from "../core/thread.ts";
import { CancelledError } from "../errors/errors.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import type { UnobservedError, UnobservedErrors } from "./unobserved_errors.ts";
import { Waiters } from "./waiters.ts";

// The constants of `copas.future`, with the values that they have in Copas.
const PENDING = false;
const SUCCESS = true;
const ERROR = "error";

/**
 * What `future.try()` returns, with the constants of `copas.future`:
 * `[PENDING]`, `[SUCCESS, value]` or `[ERROR, error]`.
 */
export type Outcome<T> =
  | [status: false]
  | [status: true, value: T]
  | [status: "error", error: unknown];

/** The outcome of one future, pending at first. It is decided once. */
export class FutureState<T> {
  readonly #scheduler: Scheduler;
  readonly #errors: UnobservedErrors;
  readonly #waiters: Waiters<T>;
  /** The thread that made the future. */
  readonly #creator: Thread;
  readonly #describe: () => string;
  #outcome: Outcome<T> = [PENDING];
  /** The error, until a caller has asked for it. */
  #unobserved?: UnobservedError;

  /** @param describe names the future for messages: `"the result of thread_1"` */
  constructor(
    scheduler: Scheduler,
    errors: UnobservedErrors,
    future: object,
    describe: () => string,
  ) {
    this.#scheduler = scheduler;
    this.#errors = errors;
    this.#describe = describe;
    this.#creator = scheduler.current;
    this.#waiters = new Waiters(scheduler, future, {
      messagePrefix: () => this.#messagePrefix,
    });
  }

  /** Whether there is no outcome yet. */
  get isPending(): boolean {
    return this.#outcome[0] === PENDING;
  }

  /** The future has a result. Returns `false` when it had an outcome before. */
  succeed(value: T): boolean {
    if (!this.isPending) return false;
    this.#outcome = [SUCCESS, value];
    this.#waiters.resolveAll(value);
    this.#waiters.dispose();
    return true;
  }

  /**
   * The future failed. If no caller asks for the error, the error handler of
   * `thread` gets it: by default that of the thread that made the future.
   * Returns `false` when it had an outcome before.
   */
  fail(error: unknown, thread: Thread = this.#creator): boolean {
    if (!this.isPending) return false;
    this.#outcome = [ERROR, error];
    const isObserved = this.#waiters.first !== undefined;
    const isRemoval = thread.removed && error instanceof CancelledError;
    this.#waiters.rejectAll(() => error);
    if (isObserved || isRemoval) return true;
    this.#unobserved = this.#errors.add(
      this.#creator,
      () => this.#scheduler.report(error, thread, thread.socket),
    );
    return true;
  }

  /** The future was cancelled: each caller gets an error of its own. Returns `false` when it had an outcome before. */
  cancel(): boolean {
    if (!this.isPending) return false;
    const error = () =>
      new CancelledError(`${this.#messagePrefix}: the future was cancelled`);
    this.#outcome = [ERROR, error()];
    this.#waiters.rejectAll(error);
    return true;
  }

  /** Waits for the outcome. */
  get(timeout?: number | WaitOptions): Promise<T> {
    try {
      return this.#get(timeout);
    } catch (error) {
      return rejectedCall(this.#scheduler, error);
    }
  }

  #get(timeout?: number | WaitOptions): Promise<T> {
    const limit = readWaitOptions("get()", timeout, Infinity);
    this.#waiters.checkNotCancelled(undefined, limit.signal);
    const [status, value] = this.observe();
    if (status === PENDING) return this.#waiters.wait(undefined, limit);
    // Whatever the future failed with, the caller need not await it.
    if (status === ERROR) return handled(rejectedCall(this.#scheduler, value));
    if (limit.signal !== undefined) settleRace(limit.signal);
    return resolvedCall(this.#scheduler, value);
  }

  /** Looks at the outcome. An error counts as asked for then. */
  observe(): Outcome<T> {
    this.#unobserved?.observe();
    this.#unobserved = undefined;
    return this.#outcome;
  }

  get #messagePrefix(): string {
    return `Cannot get ${this.#describe()}`;
  }

  /** Describes the outcome: `"pending, 2 waiting"`. */
  toString(): string {
    const [status] = this.#outcome;
    if (status === PENDING) return `pending, ${this.#waiters.size} waiting`;
    return status === SUCCESS ? "has a result" : "failed";
  }
}
