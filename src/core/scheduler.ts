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
import { type Clock, RealClock } from "./clock.ts";
import { type Driven, Driver } from "./driver.ts";
import { EndOfTurn } from "./end_of_turn.ts";
import { ErrorReports } from "./error_reports.ts";
import { ExitQueue, Lifecycle } from "./lifecycle.ts";
import { DEFAULT_BUFFERED, MemoryBudget } from "./memory_budget.ts";
import { watchForNeglect } from "./neglected_dispatchers.ts";
import { Round } from "./round.ts";
import type { ErrorHandler } from "./task.ts";
import {
  enterAsGuest,
  isAnyThreadRemoved,
  leaveAsGuest,
  runningThread,
  runsInRemovedThread,
  Thread,
  type ThreadHost,
} from "./thread.ts";
import { ThreadList } from "./thread_list.ts";
import type { TimeoutHost } from "./thread_timeout.ts";
import { TimeSlice } from "./time_slice.ts";
import type { AnyWait } from "./wait.ts";
import { Selector } from "../readiness/selector.ts";

/** Something that brings threads: a server. */
export interface Service {
  /** What the program has of it. */
  readonly handle: object;
  /** The loop begins: goes on accepting. */
  resume(): void;
  /** Ends the server; `keepopen` leaves its socket open. */
  remove(keepopen?: boolean): void;
}

const NOTHING: readonly never[] = [];
/** Threads, time, and what runs next. */
export class Scheduler extends ErrorReports
  implements Driven, ThreadHost, TimeoutHost {
  readonly selector: Selector;
  /** What is to be done at a certain time. */
  readonly deadlines: DeadlineHeap = new DeadlineHeap();
  /** The end of the turn of the event loop that is under way. */
  readonly endOfTurn: EndOfTurn;
  readonly lifecycle: Lifecycle = new Lifecycle();
  /** How long threads may run before the event loop has its turn. */
  readonly slice: TimeSlice = new TimeSlice();
  readonly driver: Driver;
  /** What connections may keep in memory. */
  readonly memory: MemoryBudget = new MemoryBudget(this, DEFAULT_BUFFERED);
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
  /** How many timeouts of threads run. */
  timeouts = 0;
  /** How many threads are suspended, `main` among them. Only the threads write it. */
  suspended = 0;

  /** How many threads there are. */
  #taskCount = 0;
  /** How many threads keep the loop going. */
  #busy = 0;
  /** The waits that deliver their outcomes in the next round. */
  #runnable: readonly AnyWait[] = NOTHING;
  /** Whether the end of the process looks whether the dispatcher was ever driven. */
  #isWatched = false;
  /** The round that is under way, or the last one. */
  readonly #round = new Round(this.deadlines, this.slice);
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

  /** Whether the thread that runs was removed. Before any thread was, nothing is looked up. */
  get isCurrentRemoved(): boolean {
    return isAnyThreadRemoved() && this.current.removed;
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
    this.slice.count(1);
    this.counts.threads++;
    this.tasks.append(task);
    this.#taskCount++;
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
    if (this.lifecycle.shutdown !== undefined) service.remove();
  }

  /** There is something to do: a program that never runs the dispatcher is told of it at its end. */
  #isNeeded(): void {
    if (!this.selector.driven) this.driver.hasDriven = false;
    if (this.#isWatched || !(this.clock instanceof RealClock)) return;
    this.#isWatched = true;
    watchForNeglect(this);
  }

  #forget(task: Thread): void {
    if (this.tasks.remove(task)) this.#taskCount--;
    task.leaveContext();
  }

  /**
   * Removes all threads but the current one and all services, gives up the
   * sockets that threads wait for, and announces the exit. Writes are not waited for.
   */
  cancelAll(): void {
    const { current } = this;
    for (const service of [...this.services]) service.remove();
    for (const task of [...this.tasks, this.main]) {
      for (const wait of task.waits) wait.resource?.[ABANDON]();
      if (task !== current && task !== this.main) task.cancel();
    }
    this.lifecycle.skipWrites();
    this.driver.exit();
  }

  // --- What keeps the loop going --------------------------------------------

  /** Whether nothing is left to do. Servers don't count after `exit()`. */
  get finished(): boolean {
    return (this.#busy === 0 || this.lifecycle.skipsThreads) &&
      this.runnable === 0 &&
      (this.selector.writing === 0 || this.lifecycle.skipsWrites) &&
      (this.services.size === 0 || !this.lifecycle.isAccepting) &&
      !(this.timeouts > 0 && this.#isAnyThreadIdle);
  }

  /** Whether a thread sleeps until it is woken: the callback of a timeout may wake it. */
  get #isAnyThreadIdle(): boolean {
    return this.tasks.dormant > 0 ||
      this.tasks.some((task) => task.idleWaits > 0 && !task.removed);
  }

  /** Whether `loop()`, `step()` or a wait outside every thread drives the dispatcher. */
  get driven(): boolean {
    return this.selector.driven;
  }

  /** Whether the next round is sure to come, and has something to do. */
  get active(): boolean {
    return this.selector.driven && this.hasWork;
  }

  /** Whether something outside the dispatcher is under way that may bring work: an operation, or a promise that is not Copas's. */
  get outside(): boolean {
    const isMainSuspended = this.main.waitCount > 0;
    const suspended = this.suspended - (isMainSuspended ? 1 : 0);
    return this.selector.outstanding > 0 || this.selector.writing > 0 ||
      this.#taskCount > suspended;
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
    const { waits } = this.counts;
    // Most are reads: a property whose name is known is counted faster.
    if (wait.kind === "read") waits.read++;
    else waits[wait.kind]++;
    if (wait.idle || task.idleWaits > 0 || task === this.main) {
      this.recount(task);
    }
    if (task.removed) task.refuse(wait);
    if (task === this.main) {
      // It stands in no list, so it does not fall dormant.
      enterAsGuest(wait, this);
      this.driver.driveForMain();
    } else if (wait.idle && wait.lastsUntilWoken && task.isForgettable) {
      this.tasks.fallsDormant(task);
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
    else if (task.done) {
      // It is gone when the waits are over that it left behind.
      if (task.waitCount === 0) this.#forget(task);
      this.recount(task);
    }
    if (this.log !== undefined) this.log("resuming", task, wait);
  }

  /** Lets `wait` deliver its outcome in the next round. */
  runLater(wait: AnyWait): void {
    if (this.#runnable.length > 0) (this.#runnable as AnyWait[]).push(wait);
    // Often it is the only one: a list of one takes a tenth of the memory of an empty one that grows.
    else this.#runnable = [wait];
    this.selector.wake();
  }

  /** How many waits will be delivered in this round and the next. */
  get runnable(): number {
    return this.#round.waiting + this.#runnable.length;
  }

  /** Whether a call may have its outcome without waiting: no after a slice of time, until the event loop had a turn. */
  mayProceed(): boolean {
    this.endOfTurn.calls++;
    if (runsInRemovedThread()) return false;
    return this.slice.spend();
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

  /** Forgets deadlines that were met. Returns whether the alarm of the driver is set for a time at which nothing is due. */
  settle(): boolean {
    this.deadlines.update();
    return this.driver.wakesInVain;
  }

  // --- Rounds ------------------------------------------------------------------

  /** Whether a round would find something to do, time aside. */
  get hasWork(): boolean {
    return !this.selector.empty || this.#runnable.length > 0 ||
      !this.#round.isComplete;
  }

  /**
   * A round: what is ready, then the deadlines reached by `now`, then what is
   * runnable. What becomes so in the round has to wait for the next one. Resumed
   * threads run in the microtasks that follow. Returns whether the round is
   * complete; else the clock has to be asked whether the slice of time is over.
   */
  beginRound(now: number): boolean {
    this.rounds++;
    if (this.stepTimings !== undefined) this.stepTimings.roundBegins();
    this.watch?.roundBegins(this.deadlines.next, now);
    const runnable = this.#runnable;
    this.#runnable = NOTHING;
    return this.#round.begin(this.selector.take(), now, runnable);
  }

  /** Goes on with a round that is not complete. Returns whether it is now. */
  continueRound(): boolean {
    return this.#round.goOn();
  }

  /** Whether there was anything in the round. */
  get roundWasActive(): boolean {
    return this.#round.wasActive;
  }
}
