/**
 * The part of the Copas API that is about threads: starting and removing them,
 * their errors, their names, and how many there are.
 *
 * @module
 */

import { checkFunction, checkString, wrongType } from "../errors/arguments.ts";
import { type Clock, RealClock } from "../core/clock.ts";
import { type StepStatistics, StepTimings } from "../core/step_timings.ts";
import { Scheduler } from "../core/scheduler.ts";
import { statusOf } from "../core/status.ts";
import type { ErrorHandler, Task } from "../core/task.ts";
import { Thread } from "../core/thread.ts";
import { traceback } from "../core/traceback.ts";
import { protect, type Protected } from "./protect.ts";

/** What `copas.status()` tells. */
export interface Status extends Partial<StepStatistics> {
  /** Whether `loop()` runs. */
  running: boolean;
  /** Threads that wait to receive, and servers. */
  read: number;
  /** Threads that wait to send. */
  write: number;
  /** Threads that go on in the next step. */
  active: number;
  /** Threads that sleep for a time. */
  timer: number;
  /** Threads that sleep until they are woken. */
  inactive: number;
  /** Timeouts set with `copas.timeout` that run. */
  timeout: number;
  /** Threads that wait for something outside: a promise, a connection to be made. */
  outside: number;
  /** The locks, semaphores, queues and futures for which threads wait, each with its name, its owner, and how many wait. */
  tools: string[];
  /** All threads. */
  threads: number;
  /** Servers. */
  servers: number;
}

/**
 * Threads, as {@linkcode Copas} has them.
 *
 * A thread is an async function. It runs until it waits, and goes on in a later
 * step of the dispatcher, when what it waits for has come.
 */
export abstract class Threads {
  /** @internal */
  protected readonly scheduler: Scheduler;

  /** Made by its subclasses.
   *
   * @param clock where the time comes from; default: the machine's monotonic
   * clock. Or the dispatcher of which this is a view */
  constructor(clock: Clock | Threads = new RealClock()) {
    if (clock instanceof Threads) {
      this.scheduler = clock.scheduler;
      return;
    }
    const { now, alarm } = (clock ?? {}) as Partial<Clock>;
    if (typeof now !== "function" || typeof alarm !== "function") {
      const expected = "a Clock, with now() and alarm()";
      throw wrongType("new Copas()", "the clock", expected, clock);
    }
    this.scheduler = new Scheduler(clock, printError);
  }

  // --- Threads ------------------------------------------------------------------------

  /**
   * Starts `fn` as a thread: it runs at once, up to its first wait.
   *
   * @param args what `fn` is called with
   * @returns the thread
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(async (name: string) => {
   *   await copas.pause(1);
   *   console.log(`a second later, ${name}`);
   * }, "Lua");
   * await copas.loop();
   * ```
   */
  addthread<A extends unknown[]>(
    fn: (...args: A) => unknown,
    ...args: A
  ): Task {
    checkFunction("addthread()", "fn", fn);
    return this.scheduler.spawn(undefined, fn, ...args);
  }

  /** The same as `addthread`, with a name for the thread. */
  addnamedthread<A extends unknown[]>(
    name: string,
    fn: (...args: A) => unknown,
    ...args: A
  ): Task {
    checkString("addnamedthread()", "the name", name);
    checkFunction("addnamedthread()", "fn", fn);
    return this.scheduler.spawn(name, fn, ...args);
  }

  /**
   * Removes a thread: what it waits for fails with a `CancelledError`, now and
   * ever after, so that its `finally` blocks run. If the error leaves the
   * thread, nobody is told. A thread that has ended is left alone.
   *
   * `loop()` does not wait for what a removed thread does that is not Copas's.
   * A thread that catches the error and waits again, over and over, is not
   * resumed any more after the hundredth time.
   */
  removethread(task: Task): void {
    this.own("removethread()", task).cancel();
  }

  /**
   * Refuses what is no thread.
   *
   * @internal
   */
  protected own(call: string, task: unknown): Thread {
    if (!(task instanceof Thread)) {
      throw wrongType(
        call,
        "the thread",
        "a Task, as addthread() returns it",
        task,
      );
    }
    return task;
  }

  // --- Errors ------------------------------------------------------------------------------

  /**
   * Makes a function that resolves to values where `fn` throws one of Copas's
   * errors: `[value, undefined]`, or `[null, code, error]`. Every other error is
   * thrown on.
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const lock = Promise.withResolvers<string>();
   * const get = copas.protect(() => copas.wait(lock.promise, { timeout: 0.1 }));
   * const [value, code] = await get();
   * if (code) console.log(`no luck: ${code}`);
   * else console.log(value.length);
   * ```
   */
  protect<A extends unknown[], T>(
    fn: (...args: A) => T | Promise<T>,
  ): (...args: A) => Promise<Protected<Awaited<T>>> {
    checkFunction("protect()", "fn", fn);
    return protect(fn);
  }

  /**
   * Sets who hears of the errors that leave the current thread: `fn(error,
   * task, socket)`. Nothing: the default one again.
   *
   * @param isdefault sets the default error handler, for all threads without
   * their own. Outside every thread this is what the call does anyway
   */
  seterrorhandler(fn?: ErrorHandler, isdefault = false): void {
    if (fn !== undefined || isdefault) {
      checkFunction("seterrorhandler()", "fn", fn);
    }
    const task = this.scheduler.current;
    if (isdefault || task === this.scheduler.main) {
      this.scheduler.errorhandler = fn ?? printError;
    } else task.errorhandler = fn;
  }

  /** The error handler of a thread, or of the current one: its own, else the default one. */
  geterrorhandler(task?: Task): ErrorHandler {
    const whose = task === undefined
      ? this.scheduler.current
      : this.own("geterrorhandler()", task);
    return whose.errorhandler ?? this.scheduler.errorhandler;
  }

  /** An error as text: its message, the names of thread and socket, the stack, and what caused it. */
  gettraceback(error?: unknown, task?: Task, socket?: unknown): string {
    return traceback(error, task, socket);
  }

  // --- Names and numbers -----------------------------------------------------------------------

  /** Names a thread; default: the current one. */
  setthreadname(name: string, task: Task = this.scheduler.current): void {
    checkString("setthreadname()", "the name", name);
    this.own("setthreadname()", task).name = name;
  }

  /** The name of a thread; default: the current one. Outside every thread it is `"main"`. */
  getthreadname(task: Task = this.scheduler.current): string {
    return this.own("getthreadname()", task).name;
  }

  /**
   * What the dispatcher is doing.
   *
   * @param stats `true` begins to measure the steps; later calls tell what was
   * measured since the last one. `false` ends it
   */
  status(stats?: boolean): Status {
    if (stats !== undefined && typeof stats !== "boolean") {
      throw wrongType("status()", "stats", "a boolean", stats);
    }
    const { scheduler } = this;
    const measured = scheduler.stepTimings?.take();
    if (stats === true) scheduler.stepTimings ??= new StepTimings(scheduler);
    if (stats === false) scheduler.stepTimings = undefined;
    return {
      running: scheduler.driver.running,
      ...statusOf(scheduler),
      ...(stats === false ? undefined : measured),
    };
  }
}

function printError(error: unknown, task: Task, socket: unknown): void {
  console.error(traceback(error, task, socket));
}
