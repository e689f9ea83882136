/**
 * The scheduler: which threads there are, what each waits for, and who goes on
 * in this round. It does nothing by itself; the driver turns it.
 *
 * @module
 */

import { LinkedList } from "../collections/linked_list.ts";
import { CancelledError, ClosedError } from "../errors/errors.ts";
import { Selector } from "../readiness/selector.ts";
import type { Clock, ClockHost } from "./clock.ts";
import type { StepTimings } from "./step_timings.ts";
import { Driver, MOST_CALLS } from "./driver.ts";
import { type Sleeper, SleepQueue } from "./sleep_queue.ts";
import type { ErrorHandler, Task } from "./task.ts";
import { outside, runningThread, Thread } from "./thread.ts";
import { EndOfTurn } from "./end_of_turn.ts";
import type { AnyWait } from "./wait.ts";

/** Something that brings threads: a server. */
export interface Service {
  /** The loop begins: goes on accepting. */
  resume(): void;
  /** Ends the server; `keepopen` leaves its socket open. */
  remove(keepopen?: boolean): void;
}

/**
 * How many calls may find their data at once in a round: at least so many, and
 * more when many operations have ended since the last one. Thousands of
 * connections that are ready together are served together.
 */
const LEAST_CALLS = 1024;
const CALLS_EACH = 64;

/** Threads, time, and the list of what runs next. */
export class Scheduler implements ClockHost {
  readonly selector: Selector;
  readonly sleepers: SleepQueue = new SleepQueue();
  /** The turn of the event loop that is under way. */
  readonly endOfTurn: EndOfTurn;
  readonly driver: Driver;
  /** All threads that have not ended, or have left waits behind. */
  readonly tasks: LinkedList<Thread> = new LinkedList();
  /** Stands for the code outside every thread. */
  readonly main: Thread;
  /** How many rounds there have been. */
  rounds = 0;
  /** The servers: they keep the loop going until it is asked to exit. */
  readonly services: Set<Service> = new Set();
  /** Who hears of errors in threads without a handler of their own. */
  errorhandler: ErrorHandler;
  /** Hears of every thread that goes on, waits, or ends; for `copas.debug`. */
  log?: (
    event: "resuming" | "yielding" | "exiting",
    task: Task,
    wait?: AnyWait,
  ) => void;

  /** Times the rounds while somebody wants to know. */
  stepTimings?: StepTimings;
  /** How many timeouts of threads run. */
  timeouts = 0;

  #busy = 0;
  #runnable: AnyWait[] = [];
  #budget = LEAST_CALLS;
  #threads = 0;

  constructor(readonly clock: Clock, errorhandler: ErrorHandler) {
    this.errorhandler = errorhandler;
    this.endOfTurn = new EndOfTurn(clock);
    this.selector = new Selector(this.endOfTurn);
    this.selector.onwritten = () => {
      if (this.finished) this.selector.wake();
    };
    this.main = new Thread(this, "main");
    this.driver = new Driver(this);
  }

  // --- Threads ------------------------------------------------------------

  /** The thread that runs, or `main` outside of this dispatcher's threads. */
  get current(): Thread {
    const task = runningThread();
    if (task === undefined || task.scheduler !== this) return this.main;
    // What a thread left running when it ended goes on outside of it, unless it was removed.
    return task.done && !task.removed ? this.main : task;
  }

  /** Makes a thread and runs `body` in it up to its first wait. */
  spawn<A extends unknown[]>(
    name: string | undefined,
    body: (...args: A) => unknown,
    ...args: A
  ): Thread {
    const task = new Thread(this, name ?? ++this.#threads);
    task.run(body, ...args);
    return task;
  }

  /** A thread begins. */
  started(task: Thread): void {
    this.tasks.add(task);
    this.recount(task);
  }

  /** An error left a thread. */
  failed(task: Thread, error: unknown): void {
    // A connection that ends, or is ended, is the ordinary end of its thread.
    const ordinary = (task.removed || task.serves) &&
      (error instanceof CancelledError || error instanceof ClosedError);
    if (!ordinary) this.report(error, task, task.socket);
  }

  /** A thread is over. */
  ended(task: Thread): void {
    if (task.waits === 0) this.#forget(task);
    while (task.duty !== undefined) task.duty.neglect();
    this.recount(task);
    this.log?.("exiting", task);
  }

  /** Hands an error to the thread's error handler. An error in there is printed. */
  report(error: unknown, task: Thread, socket?: unknown): void {
    const handler = task.errorhandler ?? this.errorhandler;
    const failed = (second: unknown) => {
      console.error(
        "Failed executing error handler:",
        second,
        "\nwhile handling:",
        error,
      );
    };
    try {
      const result = outside(() => handler(error, task, socket));
      if (result instanceof Promise) result.catch(failed);
    } catch (second) {
      failed(second);
    }
  }

  /** Runs a callback that belongs to no thread; its errors go to the default error handler. */
  guard(callback: () => unknown): void {
    const failed = (error: unknown) => this.report(error, this.main);
    try {
      const result = outside(callback);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  // --- What keeps the loop going --------------------------------------------

  /** Whether nothing is left to do. Servers don't count after `exit()`. */
  get finished(): boolean {
    return this.#busy === 0 && this.#runnable.length === 0 &&
      (this.selector.writing === 0 || this.driver.hurried) &&
      (this.services.size === 0 || !this.driver.accepting) &&
      !(this.timeouts > 0 && this.#isAnyoneIdle);
  }

  /** Whether a thread sleeps until it is woken: the callback of a timeout may wake it. */
  get #isAnyoneIdle(): boolean {
    return this.tasks.some((task) => task.idleWaits > 0 && !task.removed);
  }

  /** Whether the next round is sure to come, and has something to do. */
  get active(): boolean {
    return this.selector.driven && this.hasWork;
  }

  /** Whether something outside is under way that may bring work. */
  get outside(): boolean {
    return this.selector.outstanding > 0 || this.selector.writing > 0 ||
      this.tasks.some((task) => task.waits === 0);
  }

  /** Looks anew whether `task` keeps the loop going. */
  recount(task: Thread): void {
    const busy = task === this.main ? task.waits > task.idleWaits : task.isBusy;
    if (busy === task.counted) return;
    task.counted = busy;
    this.#busy += busy ? 1 : -1;
    if (this.#busy === 0) this.selector.wake();
  }

  // --- Waits ------------------------------------------------------------------

  /** A wait begins. That of a removed thread is over at once. */
  enter(wait: AnyWait): void {
    const { task } = wait;
    this.endOfTurn.calls++;
    task.add(wait);
    if (wait.idle) task.idleWaits++;
    if (wait.idle || task.idleWaits > 0 || task === this.main) {
      this.recount(task);
    }
    if (task.removed) task.refuse(wait);
    if (task === this.main) this.driver.driveForMain();
    else if (wait.socket !== undefined && !task.serves) {
      task.socket = wait.socket;
    }
    if (this.log !== undefined) this.log("yielding", task, wait);
  }

  /** The outcome of an idle wait is known: its thread has something to do again. */
  decided(wait: AnyWait): void {
    wait.idle = false;
    wait.task.idleWaits--;
    this.recount(wait.task);
  }

  /** A wait is over and its thread goes on. */
  leave(wait: AnyWait): void {
    const { task } = wait;
    this.endOfTurn.calls++;
    task.drop(wait);
    if (task === this.main || task.idleWaits > 0) this.recount(task);
    else if (task.done) this.#leftBehind(task);
    this.#budget--;
    if (this.log !== undefined) this.log("resuming", task, wait);
  }

  /** A thread that has ended is gone when the waits are over that it left behind. */
  #leftBehind(task: Thread): void {
    if (task.waits === 0) this.#forget(task);
    this.recount(task);
  }

  #forget(task: Thread): void {
    this.tasks.delete(task);
    task.leave();
  }

  /** Lets `wait` deliver its outcome in the next round. */
  runLater(wait: AnyWait): void {
    this.#runnable.push(wait);
    this.selector.wake();
  }

  /** How many waits will be delivered in the next round. */
  get runnable(): number {
    return this.#runnable.length;
  }

  /**
   * Asks whether a call may take what is there without waiting. After a bounded
   * number of such calls the answer is no, until the event loop had a turn:
   * a thread that always finds data must not starve the others.
   */
  mayProceed(): boolean {
    this.endOfTurn.calls++;
    return --this.#budget > 0;
  }

  /**
   * The same for a call that awaits a promise of Deno's in place of a wait. A
   * removed thread may not; else an error of the call is about `socket`.
   */
  mayAwait(socket: unknown): boolean {
    const task = this.current;
    if (task.removed || !this.mayProceed()) return false;
    if (task !== this.main && !task.serves) task.socket = socket;
    return true;
  }

  // --- Time --------------------------------------------------------------------

  /** Puts `sleeper` into the sleep queue, or moves it. */
  sleepUntil(sleeper: Sleeper, at: number): void {
    this.sleepers.set(sleeper, at);
    this.driver.wakeBy(at);
  }

  /** Brings the front of the sleep queue up to date: entries are left where they are when they are not needed any more. */
  settle(): boolean {
    const { sleepers } = this;
    const { next } = sleepers;
    for (
      let first;
      (first = sleepers.first) !== undefined && first.dueAt > first.at;
    ) {
      if (first.dueAt === Infinity) sleepers.delete(first);
      else sleepers.set(first, first.dueAt);
    }
    return sleepers.next !== next;
  }

  // --- Rounds ------------------------------------------------------------------

  /** Whether a round would find something to do, time aside. */
  get hasWork(): boolean {
    return !this.selector.empty || this.#runnable.length > 0;
  }

  /** Whether the event loop is due for a turn before the next round. */
  get isSpent(): boolean {
    return this.#budget <= 0;
  }

  /** The event loop had a turn: allots calls to the next round. */
  refresh(): void {
    const calls = Math.max(LEAST_CALLS, CALLS_EACH * this.selector.ended);
    this.#budget = Math.min(calls, MOST_CALLS);
  }

  /**
   * One round: serves what is ready, then the sleepers whose time has come by
   * `now`, then what was runnable when the round began. Resumed threads run in
   * the microtasks that follow. Returns whether there was anything.
   */
  round(now: number): boolean {
    this.rounds++;
    this.selector.ended = 0;
    if (this.stepTimings !== undefined) this.stepTimings.roundBegins();
    const ready = this.selector.take();
    const runnable = this.#runnable;
    // What becomes runnable in this round has to wait for the next one.
    const { length } = runnable;
    if (length > 0) this.#runnable = [];
    for (const item of ready) item.dispatch();
    let woken = 0;
    // One that sleeps again for no time at all has to wait for the next round.
    const { newest } = this.sleepers;
    for (
      let sleeper;
      (sleeper = this.sleepers.take(now, newest)) !== undefined;
      woken++
    ) sleeper.due(now);
    for (let i = 0; i < length; i++) runnable[i].deliver();
    return ready.length + woken + length > 0;
  }
}
