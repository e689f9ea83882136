/**
 * A thread: an async function that the dispatcher runs, with a name, an error
 * handler, and the waits in which it is suspended.
 *
 * @module
 */

import { LinkedList, ListNode } from "../collections/linked_list.ts";
import {
  runInContext,
  type ThreadContext,
  threadInContext,
} from "./current_thread.ts";
import type { EndHook, HookedThread } from "./end_hook.ts";
import { currentShield, type ShieldedThread } from "./shield.ts";
import { isThenable } from "./handled.ts";
import type { PausingThread, SleepWait } from "./sleep.ts";
import type { ErrorHandler } from "./task.ts";
import { hearRejections, type RejectionHost } from "./unawaited.ts";
import type { AnyWait, WaitHost } from "./wait.ts";

/** What a thread needs of its dispatcher. */
export interface ThreadHost extends WaitHost, RejectionHost {
  /** How many threads are suspended. Only the threads write it. */
  suspended: number;
  /** A thread begins. */
  threadStarted(thread: Thread): void;
  /** An error has left the function of a thread. Returns the end of its async error handler. */
  threadFailed(thread: Thread, error: unknown): Promise<void> | undefined;
  /** A removed thread is not resumed any more. */
  threadGivenUp(thread: Thread, refusals: number): void;
  /** A thread is over. */
  threadEnded(thread: Thread): void;
  /** A thread is suspended in a wait. */
  waitBegan(thread: Thread, wait: AnyWait): void;
  /** A wait is over and its thread goes on. */
  waitEnded(thread: Thread, wait: AnyWait): void;
  /** All threads. */
  readonly tasks: { wakes(thread: Thread): void };
  /** Looks anew whether `thread` keeps the loop going. */
  recount(thread: Thread): void;
}

/** The thread in which the caller runs, whichever dispatcher it belongs to. */
export function runningThread(): Thread | undefined {
  // Only threads are put into a context, by `run` below.
  return threadInContext() as Thread | undefined;
}

/**
 * Whether a thread was ever removed. Until then, no call asks whether its own
 * thread was.
 */
let isAnyRemoved = false;

/** Whether a thread was ever removed, of any dispatcher. */
export function isAnyThreadRemoved(): boolean {
  return isAnyRemoved;
}

/** Whether the caller runs in a removed thread, of any dispatcher, and under no shield: its calls fail. */
export function runsInRemovedThread(): boolean {
  return isAnyRemoved && runningThread()?.removed === true &&
    currentShield() === undefined;
}

/** The threads that wait on another dispatcher, by their waits there. */
const guests = new WeakMap<AnyWait, Thread>();

/** Code outside every thread of `host` waits: it may be a thread of another dispatcher, whose removal then ends the wait. */
export function enterAsGuest(wait: AnyWait, host: unknown): void {
  const thread = runningThread();
  if (thread !== undefined && thread.scheduler !== host) {
    thread.enterElsewhere(wait);
  }
}

/** A wait of code outside every thread is over. */
export function leaveAsGuest(wait: AnyWait): void {
  guests.get(wait)?.leaveElsewhere(wait);
}

/** How many waits of a removed thread fail, or are shielded. A thread that goes on after that is not resumed any more. */
const MOST_REFUSALS = 100;

/** A thread of a dispatcher. */
export class Thread implements PausingThread, HookedThread, ShieldedThread {
  /** The neighbours among the threads of the dispatcher: a thread is its own node there. */
  older?: ListNode<Thread> = undefined;
  newer?: ListNode<Thread> = undefined;
  readonly item: this = this;
  /** Set by `removethread`: every wait of the thread fails from then on. */
  removed = false;
  /** Whether the thread has come to its end. */
  done = false;
  /** Whether the thread was removed, and did not end: nothing resumes it any more. */
  lost = false;
  /** Whether the dispatcher counts the thread among those that keep `loop()` going. Only the scheduler writes it. */
  counted = false;
  /** The thread's own error handler. */
  errorhandler?: ErrorHandler;
  /** The socket that the thread serves, or that it waited for last. */
  socket: unknown;
  /** `copas.timeout` of this thread. */
  timeout?: { stop(): void };
  /** How many waits the thread is suspended in, and how many of them are idle. */
  waitCount = 0;
  idleWaits = 0;
  /** The wait in which it let the others run the last time; it serves again. */
  pause?: SleepWait = undefined;
  /** What the thread has to do before it ends. */
  endHooks?: LinkedList<EndHook> = undefined;
  /** The reference to a thread that sleeps until it is woken. Only the list of threads writes it. */
  weakly?: WeakRef<Thread> = undefined;
  /** Whether `socket` was given at the start and so does not follow the waits. */
  readonly serves: boolean;

  /** The wait that the thread began while it was in no other, and those that it began while it was: most threads need no list. */
  #firstWait?: AnyWait = undefined;
  #furtherWaits?: LinkedList<AnyWait> = undefined;
  readonly #context: ThreadContext;
  /** A number until the name is asked for. */
  #name?: string | number;
  #refusals = 0;
  /** How many shields of the thread have not ended. */
  #shields = 0;
  /** Its waits on other dispatchers. */
  #waitsElsewhere?: Set<AnyWait> = undefined;

  /** Threads are made by `copas.addthread` and its kind, not with `new`. */
  constructor(
    readonly scheduler: ThreadHost,
    name?: string | number,
    socket?: unknown,
  ) {
    // Both now: an object that gets a field later grows by a table.
    this.#context = { thread: this, host: scheduler };
    this.#name = name;
    this.socket = socket;
    this.serves = socket !== undefined;
  }

  /** The thread's name, for errors, `status()` and the log. */
  get name(): string {
    if (typeof this.#name !== "string") this.#name = this.defaultName();
    return this.#name;
  }
  set name(name: string) {
    this.#name = name;
  }

  /** The name of a thread that was given none. */
  protected defaultName(): string {
    return `thread_${this.#name}`;
  }

  /** Whether the thread runs, waits, or is over, as Lua's `coroutine.status` says it. */
  get status(): "running" | "suspended" | "dead" {
    if (this.done || this.lost) return "dead";
    return this.waitCount > 0 ? "suspended" : "running";
  }

  /** Whether the thread is something for which `loop()` has to stay. */
  get isBusy(): boolean {
    if (this.removed) return this.#shields > 0;
    // A thread that has ended may have left calls behind that it did not await.
    return this.waitCount === 0 ? !this.done : this.waitCount > this.idleWaits;
  }

  /** Whether the thread, while it sleeps until it is woken, is of no use to code that can't wake it: it serves no connection and holds no tool. */
  get isForgettable(): boolean {
    return this.waitCount === 1 && !this.serves && !this.removed &&
      this.endHooks?.newest === undefined;
  }

  /** The wait in which the thread was suspended last, if it is suspended. */
  get wait(): AnyWait | undefined {
    return this.#furtherWaits?.newest ?? this.#firstWait;
  }

  /** The waits in which the thread is suspended, the oldest first. */
  get waits(): readonly AnyWait[] {
    const first = this.#firstWait === undefined ? [] : [this.#firstWait];
    return first.concat([...this.#furtherWaits ?? []]);
  }

  // --- Beginning and end -----------------------------------------------------

  /** Runs `fn` as this thread, now, up to its first wait. */
  run<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): void {
    this.scheduler.threadStarted(this);
    hearRejections();
    runInContext(this.#context, begin, this, fn as () => unknown, args);
  }

  /** Empties the context: calls that the thread began and did not await go on outside of it. */
  leaveContext(): void {
    if (!this.removed) this.#context.thread = undefined;
  }

  /** An error has left the function. Called within the thread, which ends when its error handler has. */
  fail(error: unknown): void {
    const handling = this.scheduler.threadFailed(this, error);
    if (handling === undefined) return this.finish();
    this.neglectEndHooks();
    handling.then(() => this.finish());
  }

  /** The function has come to its end, or is given up: what the thread holds is free before it ends. */
  finish(): void {
    if (this.lost || this.done) return;
    this.neglectEndHooks();
    this.end();
  }

  /** The thread ends. */
  protected end(): void {
    this.done = true;
    this.scheduler.threadEnded(this);
  }

  /** The thread has ended: calls the hooks that are left, the newest first. */
  neglectEndHooks(): void {
    for (let hook; (hook = this.endHooks?.newest) !== undefined;) {
      hook.neglect(this);
    }
  }

  // --- Its waits ---------------------------------------------------------------

  /** The thread is suspended in `wait`. */
  enter(wait: AnyWait): void {
    if (this.waitCount++ === 0) {
      this.#firstWait = wait;
      this.scheduler.suspended++;
    } else {
      wait.threadNode ??= new ListNode<AnyWait>(wait);
      (this.#furtherWaits ??= new LinkedList()).append(wait.threadNode);
    }
    if (wait.idle) this.idleWaits++;
    currentShield()?.cover(wait);
    this.scheduler.waitBegan(this, wait);
  }

  /** The thread is suspended in `wait` of another dispatcher. */
  enterElsewhere(wait: AnyWait): void {
    if (this.removed) return this.refuse(wait);
    guests.set(wait, this);
    (this.#waitsElsewhere ??= new Set()).add(wait);
  }

  /** The wait on another dispatcher is over. */
  leaveElsewhere(wait: AnyWait): void {
    this.#waitsElsewhere!.delete(wait);
  }

  /** Whether another shield may begin. A loop of shields would keep a removed thread for ever. */
  mayShield(): boolean {
    return !this.removed || currentShield() !== undefined ||
      this.#refusals++ < MOST_REFUSALS;
  }

  /** A shield of the thread begins (1) or ends (-1). */
  countShield(change: number): void {
    this.#shields += change;
    if (this.removed) this.scheduler.recount(this);
  }

  /** Says whether a wait keeps the loop going. When the outcome of an idle one is known, the thread has something to do again. */
  setIdle(wait: AnyWait, idle: boolean): void {
    wait.idle = idle;
    this.idleWaits += idle ? 1 : -1;
    if (!idle) this.scheduler.tasks.wakes(this);
    this.scheduler.recount(this);
  }

  /** The thread gets the outcome of `wait` and goes on. */
  leave(wait: AnyWait): void {
    this.#drop(wait);
    this.scheduler.waitEnded(this, wait);
  }

  #drop(wait: AnyWait): void {
    if (this.#firstWait === wait) this.#firstWait = undefined;
    else this.#furtherWaits!.remove(wait.threadNode!);
    if (--this.waitCount === 0) this.scheduler.suspended--;
  }

  /** Makes every wait of the thread fail with a `CancelledError`, those under way and those to come. */
  cancel(): void {
    if (this.removed || (this.done && this.waitCount === 0)) return;
    this.removed = isAnyRemoved = true;
    // The oldest first: what they give back keeps its order.
    for (const wait of this.waits) wait.cancel();
    for (const wait of this.#waitsElsewhere ?? []) wait.cancel();
    this.scheduler.recount(this);
  }

  /**
   * Ends a wait that the thread begins although it was removed. A thread that
   * goes on whatever happens to its waits, as a loop around a `try` does, would
   * do so for ever: in the end its wait stays without an outcome, and the thread
   * is given up.
   */
  refuse(wait: AnyWait): void {
    if (wait.shielded) return;
    if (++this.#refusals <= MOST_REFUSALS) return wait.refuse();
    wait.leavePending();
    const task = wait.task as Thread;
    task.#drop(wait);
    if (task !== this) task.scheduler.recount(task);
    if (this.lost || this.done) return;
    this.scheduler.threadGivenUp(this, MOST_REFUSALS);
    this.finish();
    this.lost = true;
  }

  /** The thread's name. */
  toString(): string {
    return this.name;
  }
}

/** Called within `thread`, and so are the two callbacks: they need no closure to know it. */
function begin(
  thread: Thread,
  fn: (...args: unknown[]) => unknown,
  args: unknown[],
): void {
  let result: unknown;
  try {
    result = fn(...args);
  } catch (error) {
    return thread.fail(error);
  }
  if (!isThenable(result)) return thread.finish();
  // A foreign thenable would call back in a context of its own: a promise does not.
  Promise.resolve(result).then(ended, failed);
}

function ended(): void {
  runningThread()!.finish();
}

function failed(error: unknown): void {
  runningThread()!.fail(error);
}
