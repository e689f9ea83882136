/**
 * A thread: an async function that the dispatcher runs, with a name, an error
 * handler, and the waits in which it is suspended.
 *
 * @module
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { ListNode } from "../collections/linked_list.ts";
import type { EndHook } from "./end_hook.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SleepWait } from "./sleep.ts";
import { Sleeper } from "./sleep_queue.ts";
import type { ErrorHandler, Task } from "./task.ts";
import type { AnyWait } from "./wait.ts";

/**
 * What the platform remembers of a thread, for longer than the thread lasts: V8
 * lets go of it only at the next full garbage collection. So it is emptied.
 */
interface Context {
  thread?: Thread;
}

/** Knows the thread that runs, across every `await`. */
const running = new AsyncLocalStorage<Context>();
const OUTSIDE: Context = {};

/** The thread in which the caller runs, whichever dispatcher it belongs to. */
export function runningThread(): Thread | undefined {
  return running.getStore()?.thread;
}

/** Calls `fn` so that what it waits for is no thread's. */
export function outside<T>(fn: () => T): T {
  return running.run(OUTSIDE, fn);
}

/** How many waits of a removed thread fail. One that has caught them all is not resumed any more. */
const MOST_REFUSALS = 100;

/** A thread of a dispatcher. */
export class Thread implements Task, ListNode<Thread> {
  /** Neighbours among the dispatcher's threads. */
  older?: Thread = undefined;
  newer?: Thread = undefined;
  /** Set by `removethread`: every wait of the thread fails from then on. */
  removed = false;
  /** Whether the thread has come to its end. */
  done = false;
  /** Whether the thread was removed, and would not end: nothing resumes it any more. */
  lost = false;
  /** Whether the dispatcher counts the thread among those that keep `loop()` going. Only the scheduler writes it. */
  counted = false;
  /** The thread's own error handler. */
  errorhandler?: ErrorHandler;
  /** The socket that the thread serves, or that it waited for last. */
  socket: unknown;
  /** `copas.timeout` of this thread. */
  timeout?: ThreadTimeout;
  /** The waits in which the thread is suspended, the newest. */
  wait?: AnyWait = undefined;
  /** The wait in which it let the others run the last time; it serves again. */
  pause?: SleepWait = undefined;
  /** How many waits it is suspended in, and how many of them are idle. */
  waits = 0;
  idleWaits = 0;
  /** What the thread has to see to before it ends, the newest. */
  duty?: EndHook = undefined;
  readonly #context: Context = { thread: this };
  /** Whether `socket` was given at the start and so does not follow the waits. */
  readonly serves: boolean;

  /** A number until somebody wants to know. */
  #name?: string | number;
  #refusals = 0;

  /** Threads are made by `copas.addthread` and its kind, not with `new`. */
  constructor(
    readonly scheduler: Scheduler,
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
    return this.waits > 0 ? "suspended" : "running";
  }

  /** Whether the thread is something for which `loop()` has to stay. */
  get isBusy(): boolean {
    if (this.removed) return false;
    // A thread that has ended may have left calls behind that it did not await.
    return this.waits === 0 ? !this.done : this.waits > this.idleWaits;
  }

  /** Runs `fn` as this thread, now, up to its first wait. */
  run<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): void {
    this.scheduler.started(this);
    running.run(this.#context, begin, this, fn as () => unknown, args);
  }

  /** Nothing is left of the thread: what it began and did not wait for goes on outside of it. */
  leave(): void {
    if (!this.removed) this.#context.thread = undefined;
  }

  /** An error has left the function. Called within the thread. */
  fail(error: unknown): void {
    this.scheduler.failed(this, error);
    this.end();
  }

  /** The function has come to its end. Called within the thread. */
  end(): void {
    this.done = true;
    if (!this.lost) this.scheduler.ended(this);
  }

  /** Makes every wait of the thread fail with a `CancelledError`, those under way and those to come. */
  cancel(): void {
    if (this.removed || (this.done && this.waits === 0)) return;
    this.removed = true;
    // The oldest first: what they give back keeps its order.
    let wait = this.wait;
    while (wait?.older !== undefined) wait = wait.older;
    while (wait !== undefined) {
      const { newer }: AnyWait = wait;
      wait.cancel();
      wait = newer;
    }
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
    this.drop(wait);
    if (this.lost || this.done) return;
    this.lost = true;
    this.scheduler.ended(this);
  }

  /** Notes that the thread is suspended in `wait`. */
  add(wait: AnyWait): void {
    wait.older = this.wait;
    if (this.wait !== undefined) this.wait.newer = wait;
    this.wait = wait;
    this.waits++;
  }

  /** Notes that `wait` is over. */
  drop(wait: AnyWait): void {
    const { older, newer } = wait;
    if (newer === undefined) this.wait = older;
    else newer.older = older;
    if (older !== undefined) older.newer = newer;
    wait.older = wait.newer = undefined;
    this.waits--;
  }

  /** The thread's name. */
  toString(): string {
    return this.name;
  }
}

/** The timeout that a thread set for itself with `copas.timeout`. */
export class ThreadTimeout extends Sleeper {
  constructor(
    readonly task: Thread,
    readonly callback: (task: Task) => unknown,
  ) {
    super();
  }

  /** The time begins to run. */
  start(seconds: number): void {
    const { scheduler } = this.task;
    this.task.timeout = this;
    scheduler.timeouts++;
    scheduler.sleepUntil(this, scheduler.clock.now() + seconds);
  }

  /** The callback will not be called any more. */
  stop(): void {
    const { scheduler } = this.task;
    this.task.timeout = undefined;
    scheduler.timeouts--;
    scheduler.sleepers.delete(this);
    scheduler.selector.wake();
  }

  /** Runs the callback. An error of it goes to the default error handler. */
  due(): void {
    const { task, callback } = this;
    this.stop();
    task.scheduler.guard(() => callback(task));
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
  // A foreign thenable would call back from wherever it is: a promise does not.
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
