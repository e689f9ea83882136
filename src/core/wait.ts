/**
 * One suspended call of a thread: the promise that the thread awaits, and the
 * places that the call leaves when it is over.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { ListNode } from "../collections/linked_list.ts";
import { type Abandonable, isAbandonable } from "./abandonable.ts";
import type { Clock } from "./clock.ts";
import type { Counters } from "./counts.ts";
import type { EndOfTurn } from "./end_of_turn.ts";
import { settleRace } from "./race_signal.ts";
import type { Task } from "./task.ts";
import {
  cancellation,
  rejectionBelongsTo,
  type RejectionHost,
} from "./unawaited.ts";
import type { WaitPlace } from "./wait_place.ts";
import { TimeoutError } from "../errors/errors.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import type { Selector } from "../readiness/selector.ts";

/** What a wait is for; `status()` counts them by it. */
export type WaitKind = "read" | "write" | "sleep" | "outside";

/** A wait, whatever its result. */
// deno-lint-ignore no-explicit-any
export type AnyWait = Wait<any>;

/** What a wait needs of the dispatcher. */
export interface WaitHost {
  /** The thread that runs, or the one that stands for the code outside every thread. */
  readonly current: WaitingThread;
  readonly clock: Clock;
  readonly counts: Counters;
  readonly selector: Selector;
  readonly endOfTurn: EndOfTurn;
  /** Calls `entry.due` at `time`. */
  setDeadline(entry: DeadlineEntry, time: number): void;
  /** Forgets the deadline of `entry`, if it has one. */
  clearDeadline(entry: DeadlineEntry): void;
  /** Lets `wait` deliver its outcome in the next round. */
  runLater(wait: AnyWait): void;
}

/** What a wait needs of the thread that it suspends. */
export interface WaitingThread extends Task {
  readonly scheduler: WaitHost & RejectionHost;
  /** The waits in which the thread is suspended. */
  readonly waits: readonly AnyWait[];
  /** The thread is suspended in `wait`. */
  enter(wait: AnyWait): void;
  /** Says whether a wait of the thread keeps `loop()` going. */
  setIdle(wait: AnyWait, idle: boolean): void;
  /** The thread gets the outcome of `wait` and goes on. */
  leave(wait: AnyWait): void;
}

/** Stands for the error of a wait whose thread was removed; its message is made when it is delivered. */
const REMOVED = Symbol("removed");

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
export abstract class Wait<T> extends DeadlineEntry {
  /** What the thread awaits. */
  promise!: Promise<T>;
  /** The waiting thread. */
  task!: WaitingThread;
  /** The queue in which the wait stands, and its place there. Only the queue writes them. */
  queue?: WaitPlace<AnyWait> = undefined;
  queueNode?: ListNode<AnyWait> = undefined;
  /** The place among the further waits of the thread. Only the thread uses it. */
  threadNode?: ListNode<AnyWait> = undefined;
  /** The socket waited for, for the error handler and the log. */
  readonly socket: unknown;
  /** Whether it goes on when its thread is removed. */
  shielded: boolean;

  #state = State.Pending;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;
  /** What the thread gets, a result or an error. */
  #outcome: unknown = undefined;
  #isError = false;
  /** Takes the listener off the signal. */
  #unlisten?: (failed: boolean) => void = undefined;

  /**
   * Suspends a thread, or the code outside every thread.
   *
   * @param task the current thread: to find it out takes as long as all the rest
   * @param kind what the wait is for
   * @param idle whether it is one that does not keep `loop()` going
   * @param isShielded whether it goes on when its thread is removed
   * @param timeout how many seconds it may take; `limit` sets the deadline
   */
  constructor(
    task: WaitingThread,
    readonly kind: WaitKind,
    socket?: unknown,
    public idle = false,
    isShielded = false,
    public timeout: number = Infinity,
  ) {
    super();
    this.socket = socket;
    this.shielded = isShielded;
    this.#begin(task);
  }

  #begin(task: WaitingThread): void {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.task = task;
    task.enter(this);
  }

  /**
   * Suspends the current thread in a wait that is over. A caller that waits
   * for the same thing again and again needs no new object each time.
   *
   * @param task the current thread
   */
  protected beginAgain(task: WaitingThread): void {
    this.#state = State.Pending;
    this.#outcome = undefined;
    this.#isError = false;
    this.deadline = Infinity;
    this.shielded = false;
    this.#begin(task);
  }

  /** The scheduler of the waiting thread. */
  protected get scheduler(): WaitHost {
    return this.task.scheduler;
  }

  // --- What subclasses say ----------------------------------------------------

  /** Begins its messages: what cannot be done, on what. "Cannot receive from S". */
  protected abstract failure(): string;

  /** What the thread gets when the time is up. */
  protected timeoutError(seconds: number): TimeoutError {
    return new TimeoutError(`${this.failure()}: timed out after ${seconds} s`);
  }

  /** Called when the thread was removed after it had been given something that it can no longer use. */
  protected revoked(_value: T): void {}

  /** Called when the wait gave up its place in the queue: the waits behind it may be able to go on. */
  protected abandoned(): void {}

  /** Whether only other code of the program can end it, by waking the thread. */
  get lastsUntilWoken(): boolean {
    return false;
  }

  /** The tool of the threads that is waited for, if it is one: a lock, a queue. */
  get tool(): object | undefined {
    return undefined;
  }

  /** What `cancelall` gives up together with the wait: the socket, if it can be abandoned. */
  get resource(): Abandonable | undefined {
    return isAbandonable(this.socket) ? this.socket : undefined;
  }

  // --- How it stands ----------------------------------------------------------

  /** Whether nothing has ended the wait yet. */
  get pending(): boolean {
    return this.#state === State.Pending;
  }

  /** Whether the thread has got the outcome. */
  get isOver(): boolean {
    return this.#state === State.Over;
  }

  // --- How long it lasts --------------------------------------------------------

  /** Limits the wait: with a timeout, which runs from the end of this turn, and with a signal. A negative timeout is none. */
  limit({ timeout, signal }: WaitOptions): void {
    if (timeout !== undefined && timeout >= 0) this.limitTime(timeout);
    if (signal !== undefined) this.endOn(signal);
  }

  /** Limits the wait to `seconds` from the end of this turn. */
  limitTime(seconds: number): void {
    this.timeout = seconds;
    if (seconds === Infinity || this.#state !== State.Pending) return;
    if (this.queue !== undefined && this.queue.startTimeAtEnd()) return;
    this.scheduler.endOfTurn.startTimeAtEnd(this);
  }

  /** The end of the turn in which the wait was limited: its deadline is known. */
  startTime(now: number): void {
    if (this.#state !== State.Pending) return;
    this.scheduler.setDeadline(this, now + this.timeout);
  }

  /** Ends the wait when `signal` aborts. */
  endOn(signal: AbortSignal): void {
    if (this.#state !== State.Pending) return;
    if (signal.aborted) return this.abort(signal.reason);
    const onabort = () => this.abort(signal.reason);
    signal.addEventListener("abort", onabort);
    this.#unlisten = (failed) => {
      signal.removeEventListener("abort", onabort);
      if (!failed) settleRace(signal);
    };
  }

  /** Its deadline has been reached. */
  due(_now: number): void {
    this.expire(this.timeout);
  }

  /** Ends the wait with a timeout. */
  expire(seconds: number): void {
    if (!this.pending) return;
    this.scheduler.counts.timeouts++;
    this.reject(this.timeoutError(seconds));
    this.abandoned();
  }

  /** Ends the wait because its signal aborted. */
  abort(cause: unknown): void {
    this.#giveUp(
      cancellation(`${this.failure()}: the signal was aborted`, { cause }),
    );
  }

  #giveUp(error: unknown): void {
    if (this.pending) this.scheduler.counts.cancellations++;
    this.rejectLater(error);
    this.abandoned();
  }

  // --- The removal of its thread -------------------------------------------------

  /** Ends the wait as it begins, because its thread had been removed: it has no place yet to give up. */
  refuse(): void {
    if (!this.shielded) this.rejectLater(REMOVED);
  }

  /** Ends the wait as it begins, and without an outcome: its thread is never resumed. */
  leavePending(): void {
    this.#decide(true);
    this.#state = State.Over;
  }

  /** Ends the wait because its thread was removed: what it was given and has not got yet goes back. */
  cancel(): void {
    if (this.shielded || this.#state === State.Over) return;
    if (this.#state === State.Pending) return this.#giveUp(REMOVED);
    if (!this.#isError) this.revoked(this.#outcome as T);
    this.#isError = true;
    this.#outcome = REMOVED;
  }

  // --- Its outcome -----------------------------------------------------------------

  /** Gives the thread its result now. Only for the dispatcher, within a round. */
  resolve(value: T): void {
    if (!this.#decide(false)) return;
    this.#outcome = value;
    this.deliver();
  }

  /** Gives the thread an error now. Only for the dispatcher, within a round. */
  reject(error: unknown): void {
    if (!this.#decide(true)) return;
    this.#outcome = error;
    this.deliver();
  }

  /** Gives the thread its result in the next round: the caller goes on first. */
  resolveLater(value: T): void {
    if (!this.#decide(false)) return;
    this.#outcome = value;
    this.scheduler.runLater(this);
  }

  /** Gives the thread an error in the next round: the caller goes on first. */
  rejectLater(error: unknown): void {
    if (!this.#decide(true)) return;
    this.#outcome = error;
    this.scheduler.runLater(this);
  }

  /** Gives the thread an error in place of a result that it was given and has not got yet. */
  withdraw(error: unknown): void {
    if (this.#state !== State.Decided || this.#isError) return;
    this.#isError = true;
    this.#outcome = error;
  }

  /** Resumes the thread with the outcome. */
  deliver(): void {
    this.#state = State.Over;
    this.task.leave(this);
    if (!this.#isError) return this.#resolve(this.#outcome as T);
    // A thread that waits for several things at once, or that never awaited
    // this one, must not bring the process down with an unhandled rejection.
    rejectionBelongsTo(this.task, this.promise);
    this.#reject(
      this.#outcome === REMOVED
        ? cancellation(`${this.failure()}: the thread was removed`)
        : this.#outcome,
    );
  }

  #stopListening(failed: boolean): void {
    this.#unlisten!(failed);
    this.#unlisten = undefined;
  }

  /** Leaves every queue. Returns false when the wait had ended before. */
  #decide(isError: boolean): boolean {
    if (this.#state !== State.Pending) return false;
    this.#state = State.Decided;
    this.#isError = isError;
    if (this.queue !== undefined) this.queue.delete(this);
    if (this.place >= 0) this.scheduler.clearDeadline(this);
    if (this.#unlisten !== undefined) this.#stopListening(isError);
    if (this.idle) this.task.setIdle(this, false);
    return true;
  }
}
