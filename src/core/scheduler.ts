/**
 * The scheduler: which threads there are, what each waits for, and which go on
 * in this round. It does nothing by itself; the driver turns it.
 *
 * @module
 */

import {
  type DeadlineEntry,
  DeadlineHeap,
} from "../collections/deadline_heap.ts";
import { ABANDON } from "./abandonable.ts";
import { Selector } from "../readiness/selector.ts";
import { type Clock, RealClock } from "./clock.ts";
import { type Driven, Driver, MOST_CALLS } from "./driver.ts";
import { EndOfTurn } from "./end_of_turn.ts";
import { ErrorReports } from "./error_reports.ts";
import { ExitQueue } from "./exit_queue.ts";
import { Lifecycle } from "./lifecycle.ts";
import { watchForNeglect } from "./neglected_dispatchers.ts";
import type { StepTimings } from "./step_timings.ts";
import type { ErrorHandler, Task } from "./task.ts";
import {
  enterAsGuest,
  leaveAsGuest,
  runningThread,
  runsInRemovedThread,
  Thread,
  type ThreadHost,
} from "./thread.ts";
import { ThreadList } from "./thread_list.ts";
import type { TimeoutHost } from "./thread_timeout.ts";
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
export class Scheduler extends ErrorReports
  implements Driven, ThreadHost, TimeoutHost {
  readonly selector: Selector;
  /** What is to be done at a certain time. */
  readonly deadlines: DeadlineHeap = new DeadlineHeap();
  /** The end of the turn of the event loop that is under way. */
  readonly endOfTurn: EndOfTurn;
  readonly lifecycle: Lifecycle = new Lifecycle();
  readonly driver: Driver;
  /** All threads that have not ended, or have left waits behind. */
  readonly tasks: ThreadList<Thread> = new ThreadList();
  /** Stands for the code outside every thread. */
  readonly main: Thread;
  /** The threads that wait for the exit. */
  readonly exits: ExitQueue = new ExitQueue(this);
  /** The servers: they keep the loop going until it is asked to exit. */
  readonly services: Set<Service> = new Set();
  /** How many rounds there have been. */
  rounds = 0;
  /** Called for every thread that goes on, waits, or ends; for `copas.debug`. */
  log?: (
    event: "resuming" | "yielding" | "exiting",
    task: Task,
    wait?: AnyWait,
  ) => void;
  /** Times the rounds while `status()` is asked to tell of them. */
  stepTimings?: StepTimings;
  /** How many timeouts of threads run. */
  timeouts = 0;

  /** How many threads keep the loop going. */
  #busy = 0;
  /** The waits that deliver their outcomes in the next round. */
  #runnable: AnyWait[] = [];
  /** How many calls may still proceed before the event loop gets a turn. */
  #budget = LEAST_CALLS;
  /** Whether the end of the process looks whether the dispatcher was ever driven. */
  #isWatched = false;
  /** How many threads without a name there have been. */
  #threads = 0;

  constructor(readonly clock: Clock, errorhandler: ErrorHandler) {
    super(errorhandler);
    this.endOfTurn = new EndOfTurn(clock);
    this.selector = new Selector(this.endOfTurn, () => {
      if (this.finished) this.selector.wake();
    });
    this.main = new Thread(this, "main");
    this.driver = new Driver(this);
    this.lifecycle.addExitListener(() => this.exits.release());
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
  threadStarted(task: Thread): void {
    this.tasks.append(task);
    this.#isNeeded();
    this.recount(task);
  }

  /** A thread is over. */
  threadEnded(task: Thread): void {
    if (task.waitCount === 0) this.#forget(task);
    task.neglectEndHooks();
    this.recount(task);
    this.log?.("exiting", task);
  }

  /** A server is there. */
  serve(service: Service): void {
    this.services.add(service);
    this.#isNeeded();
  }

  /** There is something to do: a program that never runs the dispatcher is told of it at its end. */
  #isNeeded(): void {
    if (!this.selector.driven) this.driver.hasDriven = false;
    if (this.#isWatched || !(this.clock instanceof RealClock)) return;
    this.#isWatched = true;
    watchForNeglect(this);
  }

  #forget(task: Thread): void {
    this.tasks.remove(task);
    task.leaveContext();
  }

  /**
   * Removes all threads but the current one and all services, gives up the
   * sockets that threads wait for, and announces the exit. The loop does not
   * wait for what has been sent and is not written yet.
   */
  cancelAll(): void {
    const { current } = this;
    for (const service of [...this.services]) service.remove();
    for (const task of [...this.tasks, this.main]) {
      for (const wait of [...task.waits]) wait.resource?.[ABANDON]();
      if (task !== current && task !== this.main) task.cancel();
    }
    this.lifecycle.skipWrites();
    this.driver.exit();
  }

  // --- What keeps the loop going --------------------------------------------

  /** Whether nothing is left to do. Servers don't count after `exit()`. */
  get finished(): boolean {
    return this.#busy === 0 && this.#runnable.length === 0 &&
      (this.selector.writing === 0 || this.lifecycle.skipsWrites) &&
      (this.services.size === 0 || !this.lifecycle.isAccepting) &&
      !(this.timeouts > 0 && this.#isAnyThreadIdle);
  }

  /** Whether a thread sleeps until it is woken: the callback of a timeout may wake it. */
  get #isAnyThreadIdle(): boolean {
    return this.tasks.dormant > 0 ||
      this.tasks.some((task) => task.idleWaits > 0 && !task.removed);
  }

  /** Whether the next round is sure to come, and has something to do. */
  get active(): boolean {
    return this.selector.driven && this.hasWork;
  }

  /** Whether something outside the dispatcher is under way that may bring work: an operation, or a promise that is not Copas's. */
  get outside(): boolean {
    return this.selector.outstanding > 0 || this.selector.writing > 0 ||
      this.tasks.some((task) => task.waitCount === 0);
  }

  /** Looks anew whether `task` keeps the loop going. */
  recount(task: Thread): void {
    const busy = task === this.main
      ? task.waitCount > task.idleWaits
      : task.isBusy;
    if (busy === task.counted) return;
    task.counted = busy;
    this.#busy += busy ? 1 : -1;
    if (this.#busy === 0) this.selector.wake();
  }

  // --- Waits ------------------------------------------------------------------

  /** A thread is suspended in a wait. That of a removed thread is over at once. */
  waitBegan(task: Thread, wait: AnyWait): void {
    this.endOfTurn.calls++;
    if (wait.idle || task.idleWaits > 0 || task === this.main) {
      this.recount(task);
    }
    if (task.removed) task.refuse(wait);
    else if (wait.lastsUntilWoken && task.isForgettable) {
      this.tasks.fallsDormant(task);
    }
    if (task === this.main) {
      enterAsGuest(wait, this);
      this.driver.driveForMain();
    } else if (wait.socket !== undefined && !task.serves) {
      task.socket = wait.socket;
    }
    if (this.log !== undefined) this.log("yielding", task, wait);
  }

  /** A wait is over and its thread goes on. */
  waitEnded(task: Thread, wait: AnyWait): void {
    this.endOfTurn.calls++;
    if (task === this.main) leaveAsGuest(wait);
    if (task === this.main || task.idleWaits > 0) this.recount(task);
    else if (task.done) this.#leftBehind(task);
    this.#budget--;
    if (this.log !== undefined) this.log("resuming", task, wait);
  }

  /** A thread that has ended is gone when the waits are over that it left behind. */
  #leftBehind(task: Thread): void {
    if (task.waitCount === 0) this.#forget(task);
    this.recount(task);
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
    if (runsInRemovedThread()) return false;
    return --this.#budget > 0;
  }

  /**
   * The same for a call that awaits a promise of Deno's in place of a wait. A
   * removed thread may not; else an error of the call is about `socket`.
   */
  mayAwait(socket: unknown): boolean {
    const task = this.current;
    if (!this.mayProceed()) return false;
    if (task !== this.main && !task.serves) task.socket = socket;
    return true;
  }

  // --- Time --------------------------------------------------------------------

  /** Calls `entry.due` at `time`, in place of any other time. */
  setDeadline(entry: DeadlineEntry, time: number): void {
    this.deadlines.set(entry, time);
    this.driver.wakeBy(time);
  }

  /** Forgets the deadline of `entry`, if it has one. */
  clearDeadline(entry: DeadlineEntry): void {
    this.deadlines.delete(entry);
  }

  /** Forgets deadlines that were met. Returns whether the next one has changed. */
  settle(): boolean {
    return this.deadlines.update();
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
   * One round: serves what is ready, then the deadlines reached by `now`, then
   * what was runnable when the round began. Resumed threads run in the
   * microtasks that follow. Returns whether there was anything.
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
    let reached = 0;
    // A thread that sleeps again for no time at all has to wait for the next round.
    const { newest } = this.deadlines;
    for (
      let entry;
      (entry = this.deadlines.take(now, newest)) !== undefined;
      reached++
    ) entry.due(now);
    for (let i = 0; i < length; i++) runnable[i].deliver();
    return ready.length + reached + length > 0;
  }
}
