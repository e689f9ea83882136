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
import type { PausingThread, SleepWait } from "./sleep.ts";
import type { ErrorHandler } from "./task.ts";
import type { AnyWait, WaitHost } from "./wait.ts";

/** What a thread needs of its dispatcher. */
export interface ThreadHost extends WaitHost {
  /** How many threads are suspended. Only the threads write it. */
  suspended: number;
  /** A thread begins. */
  threadStarted(thread: Thread): void;
  /** An error has left the function of a thread. */
  threadFailed(thread: Thread, error: unknown): void;
  /** A thread is over. */
  threadEnded(thread: Thread): void;
  /** A thread is suspended in a wait. */
  waitBegan(thread: Thread, wait: AnyWait): void;
  /** A wait is over and its thread goes on. */
  waitEnded(thread: Thread, wait: AnyWait): void;
  /** Looks anew whether `thread` keeps the loop going. */
  recount(thread: Thread): void;
}

/** The thread in which the caller runs, whichever dispatcher it belongs to. */
export function runningThread(): Thread | undefined {
  // Only threads are put into a context, by `run` below.
  return threadInContext() as Thread | undefined;
}

/** How many waits of a removed thread fail. A thread that has caught all of their errors is not resumed any more. */
const MOST_REFUSALS = 100;

/** A thread of a dispatcher. */
export class Thread implements PausingThread, HookedThread {
  /** The place among the threads of the dispatcher. Only the scheduler uses it. */
  readonly node: ListNode<Thread> = new ListNode<Thread>(this);
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
  /** The waits in which the thread is suspended. */
  readonly waits: LinkedList<AnyWait> = new LinkedList();
  /** How many waits there are, and how many of them are idle. */
  waitCount = 0;
  idleWaits = 0;
  /** The wait in which it let the others run the last time; it serves again. */
  pause?: SleepWait = undefined;
  /** What the thread has to do before it ends. */
  endHooks?: LinkedList<EndHook> = undefined;
  /** Whether `socket` was given at the start and so does not follow the waits. */
  readonly serves: boolean;

  readonly #context: ThreadContext = { thread: this };
  /** A number until the name is asked for. */
  #name?: string | number;
  #refusals = 0;

  /** Threads are made by `copas.addthread` and its kind, not with `new`. */
  constructor(
    readonly scheduler: ThreadHost,
    name?: string | number,
    socket?: unknown,
  ) {
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
    if (this.removed) return false;
    // A thread that has ended may have left calls behind that it did not await.
    return this.waitCount === 0 ? !this.done : this.waitCount > this.idleWaits;
  }

  /** The wait in which the thread was suspended last, if it is suspended. */
  get wait(): AnyWait | undefined {
    return this.waits.newest;
  }

  // --- Beginning and end -----------------------------------------------------

  /** Runs `fn` as this thread, now, up to its first wait. */
  run<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): void {
    this.scheduler.threadStarted(this);
    runInContext(this.#context, begin, this, fn as () => unknown, args);
  }

  /** Empties the context: calls that the thread began and did not await go on outside of it. */
  leaveContext(): void {
    if (!this.removed) this.#context.thread = undefined;
  }

  /** An error has left the function. Called within the thread. */
  fail(error: unknown): void {
    this.scheduler.threadFailed(this, error);
    this.end();
  }

  /** The function has come to its end. Called within the thread. */
  end(): void {
    this.done = true;
    if (!this.lost) this.scheduler.threadEnded(this);
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
    this.waits.append(wait.threadNode);
    if (this.waitCount++ === 0) this.scheduler.suspended++;
    if (wait.idle) this.idleWaits++;
    this.scheduler.waitBegan(this, wait);
  }

  /** The outcome of an idle wait is known: the thread has something to do again. */
  idleWaitEnded(wait: AnyWait): void {
    wait.idle = false;
    this.idleWaits--;
    this.scheduler.recount(this);
  }

  /** The thread gets the outcome of `wait` and goes on. */
  leave(wait: AnyWait): void {
    this.#drop(wait);
    this.scheduler.waitEnded(this, wait);
  }

  #drop(wait: AnyWait): void {
    this.waits.remove(wait.threadNode);
    if (--this.waitCount === 0) this.scheduler.suspended--;
  }

  /** Makes every wait of the thread fail with a `CancelledError`, those under way and those to come. */
  cancel(): void {
    if (this.removed || (this.done && this.waitCount === 0)) return;
    this.removed = true;
    // The oldest first: what they give back keeps its order.
    for (const wait of this.waits) wait.cancel();
    this.scheduler.recount(this);
  }

  /**
   * Ends a wait that the thread begins although it was removed. A thread that
   * goes on whatever happens to its waits, as a loop around a `try` does, would
   * do so for ever: in the end its wait stays without an outcome.
   */
  refuse(wait: AnyWait): void {
    if (wait.shielded) return;
    if (++this.#refusals <= MOST_REFUSALS) return wait.refuse();
    wait.leavePending();
    this.#drop(wait);
    if (this.lost || this.done) return;
    this.lost = true;
    this.scheduler.threadEnded(this);
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
  if (!isPromise(result)) return thread.end();
  // A foreign thenable would call back in a context of its own: a promise does not.
  Promise.resolve(result).then(ended, failed);
}

function ended(): void {
  runningThread()!.end();
}

function failed(error: unknown): void {
  runningThread()!.fail(error);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
