/**
 * One suspended call of a thread: the promise that it awaits, and all the
 * places that it has to leave when it is over.
 *
 * @module
 */

import { TimeoutError } from "../errors/errors.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { cancellation } from "./cancellation.ts";
import { Sleeper } from "./sleep_queue.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Thread } from "./thread.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** What a wait is for; `status()` counts them by it. */
export type WaitKind = "read" | "write" | "sleep" | "outside";

/** Stands for the error of a wait whose thread was removed; its message is made when it is delivered. */
const REMOVED = Symbol("removed");

/** A wait, whatever it gives. */
// deno-lint-ignore no-explicit-any
export type AnyWait = Wait<any>;

const enum State {
  /** Nothing has happened yet: the wait stands in its queues. */
  Pending,
  /** The outcome is known and stands in the run list. */
  Decided,
  /** The thread has got the outcome. */
  Over,
}

/**
 * A thread's wait. A wait leaves every queue at once when it ends, whatever
 * ends it: a result, its deadline, its signal, the removal of its thread.
 */
export abstract class Wait<T> extends Sleeper {
  /** What the thread awaits. */
  promise!: Promise<T>;
  /** The waiting thread. */
  task!: Thread;
  /** The queue in which the wait stands, and its neighbours there. Only the queue writes them. */
  queue?: WaitQueue = undefined;
  before?: AnyWait = undefined;
  after?: AnyWait = undefined;
  /** Neighbours among the waits of the task. Only the task writes them. */
  older?: AnyWait = undefined;
  newer?: AnyWait = undefined;
  /** The socket waited for, for the error handler and the log. */
  readonly socket: unknown;

  #state = State.Pending;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;
  /** What the thread gets, a result or an error. */
  #outcome: unknown = undefined;
  #failed = false;
  /** Takes the listener off the signal. */
  #unlisten?: () => void = undefined;

  /**
   * Suspends the current thread (or the code outside every thread).
   *
   * @param kind what the wait is for
   * @param idle whether it is one that does not keep `loop()` going
   * @param shielded whether it goes on when its thread is removed
   * @param timeout how many seconds it may take; its end is `at`
   */
  constructor(
    scheduler: Scheduler,
    readonly kind: WaitKind,
    socket?: unknown,
    public idle = false,
    readonly shielded = false,
    public timeout: number = Infinity,
  ) {
    super();
    this.socket = socket;
    this.#begin(scheduler);
  }

  #begin(scheduler: Scheduler): void {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.task = scheduler.current;
    scheduler.enter(this);
  }

  /** Whether the thread has got the outcome. */
  get isOver(): boolean {
    return this.#state === State.Over;
  }

  /**
   * Suspends the current thread in a wait that is over: who waits again and
   * again for the same thing needs no new object each time.
   */
  protected beginAgain(): void {
    this.#state = State.Pending;
    this.#outcome = undefined;
    this.#failed = false;
    this.#begin(this.scheduler);
  }

  /** The scheduler of the waiting thread. */
  protected get scheduler(): Scheduler {
    return this.task.scheduler;
  }

  /** Begins its messages: what cannot be done, on what. "Cannot receive from S". */
  protected abstract failure(): string;

  /** What the thread gets when the time is up. */
  protected timeoutError(seconds: number): TimeoutError {
    return new TimeoutError(`${this.failure()}: timed out after ${seconds} s`);
  }

  /** Called when the thread was removed after it had been given something that it can no longer use. */
  protected revoked(_value: T): void {}

  /** Called when the wait gave up its place in the queue: those behind it may be able to go on. */
  protected abandoned(): void {}

  /** What of the threads' tools is waited for, if it is one: a lock, a queue. */
  get tool(): object | undefined {
    return undefined;
  }

  /** Whether nothing has ended the wait yet. */
  get pending(): boolean {
    return this.#state === State.Pending;
  }

  /** Gives the wait a deadline of its own and a signal. `forever` is what `timeout` is when it is not given. */
  limit(options: WaitOptions | undefined, forever = Infinity): void {
    if (this.#state !== State.Pending) return;
    const { timeout = forever, signal } = options ?? {};
    if (timeout >= 0 && timeout < Infinity) this.expireAfter(timeout);
    if (signal !== undefined) this.endOn(signal);
  }

  /** Ends the wait with a timeout, `seconds` from now. */
  expireAfter(seconds: number): void {
    this.timeout = seconds;
    this.scheduler.sleepUntil(this, this.scheduler.clock.now() + seconds);
  }

  /** Ends the wait when `signal` aborts. */
  endOn(signal: AbortSignal): void {
    if (signal.aborted) return this.abort(signal.reason);
    const onabort = () => this.abort(signal.reason);
    signal.addEventListener("abort", onabort);
    this.#unlisten = () => signal.removeEventListener("abort", onabort);
  }

  /** Its time has come. */
  due(_now: number): void {
    this.expire(this.timeout);
  }

  /** Ends the wait with a timeout. */
  expire(seconds: number): void {
    if (!this.pending) return;
    this.reject(this.timeoutError(seconds));
    this.abandoned();
  }

  /** Ends the wait because its signal aborted. */
  abort(cause: unknown): void {
    this.rejectLater(
      cancellation(`${this.failure()}: the signal was aborted`, { cause }),
    );
    this.abandoned();
  }

  /** Ends the wait as it begins, because its thread had been removed: it has no place yet to give up. */
  refuse(): void {
    if (!this.shielded) this.rejectLater(REMOVED);
  }

  /** Ends the wait as it begins, and without an outcome: its thread is never resumed. */
  leavePending(): void {
    this.#decide();
    this.#state = State.Over;
  }

  /** Ends the wait because its thread was removed: what it was given and has not got yet goes back. */
  cancel(): void {
    if (this.shielded || this.#state === State.Over) return;
    if (this.#state === State.Pending) {
      this.rejectLater(REMOVED);
      return this.abandoned();
    }
    if (!this.#failed) this.revoked(this.#outcome as T);
    this.#failed = true;
    this.#outcome = REMOVED;
  }

  /** Gives the thread its result now. Only for the dispatcher, within a round. */
  resolve(value: T): void {
    if (!this.#decide()) return;
    this.#outcome = value;
    this.deliver();
  }

  /** Gives the thread an error now. Only for the dispatcher, within a round. */
  reject(error: unknown): void {
    if (!this.#decide()) return;
    this.#failed = true;
    this.#outcome = error;
    this.deliver();
  }

  /** Gives the thread its result in the next round: the caller goes on first. */
  resolveLater(value: T): void {
    if (!this.#decide()) return;
    this.#outcome = value;
    this.scheduler.runLater(this);
  }

  /** Gives the thread an error in the next round: the caller goes on first. */
  rejectLater(error: unknown): void {
    if (!this.#decide()) return;
    this.#failed = true;
    this.#outcome = error;
    this.scheduler.runLater(this);
  }

  /** Resumes the thread with the outcome. */
  deliver(): void {
    this.#state = State.Over;
    this.scheduler.leave(this);
    if (!this.#failed) return this.#resolve(this.#outcome as T);
    // A thread that waits for several things at once, or that never awaited
    // this one, must not bring the process down with an unhandled rejection.
    this.promise.catch(() => {});
    this.#reject(
      this.#outcome === REMOVED
        ? cancellation(`${this.failure()}: the thread was removed`)
        : this.#outcome,
    );
  }

  /** Leaves every queue. Returns false when the wait had ended before. */
  #decide(): boolean {
    if (this.#state !== State.Pending) return false;
    this.#state = State.Decided;
    this.queue?.delete(this);
    this.scheduler.sleepers.delete(this);
    if (this.#unlisten !== undefined) this.#unlisten();
    this.#unlisten = undefined;
    if (this.idle) this.scheduler.decided(this);
    return true;
  }
}
