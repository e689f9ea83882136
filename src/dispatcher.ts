/**
 * The dispatcher's part of the Copas API: threads, time, and the loop.
 *
 * @module
 */

import {
  checkDelay,
  checkFunction,
  checkSeconds,
  checkString,
  wrongType,
} from "./arguments.ts";
import { waitForCall } from "./core/call.ts";
import { type Clock, RealClock } from "./core/clock.ts";
import { Meter, type StepStatistics } from "./core/meter.ts";
import { Scheduler } from "./core/scheduler.ts";
import { ExitQueue, sleepFor, wakeUp, yieldTurn } from "./core/sleep.ts";
import { type ErrorHandler, Task, TaskTimeout } from "./core/task.ts";
import { traceback } from "./core/traceback.ts";
import type { AnyWait, WaitOptions } from "./core/wait.ts";
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
  /** All threads. */
  threads: number;
  /** Servers. */
  servers: number;
}

/**
 * Threads, time and the loop: what {@linkcode Copas} is built on.
 *
 * A thread is an async function. It runs until it waits, and goes on in a later
 * step of the dispatcher, when what it waits for has come.
 */
export abstract class Dispatcher {
  /** Whether the connection of a handler is closed when the handler ends. Default: `true`. */
  autoclose = true;
  /** What the rest of Copas stands on. */
  protected readonly scheduler: Scheduler;
  readonly #exits = new ExitQueue();

  /** @param clock where the time comes from; default: the machine's monotonic clock */
  constructor(clock: Clock = new RealClock()) {
    this.scheduler = new Scheduler(clock, printError);
    this.scheduler.driver.onexit = () => this.#exits.release();
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
    return this.scheduler.spawn(undefined, () => fn(...args));
  }

  /** The same as `addthread`, with a name for the thread. */
  addnamedthread<A extends unknown[]>(
    name: string,
    fn: (...args: A) => unknown,
    ...args: A
  ): Task {
    checkString("addnamedthread()", "the name", name);
    checkFunction("addnamedthread()", "fn", fn);
    return this.scheduler.spawn(name, () => fn(...args));
  }

  /**
   * Removes a thread: what it waits for fails with a `CancelledError`, now and
   * ever after, so that its `finally` blocks run. If the error leaves the
   * thread, nobody is told. A thread that has ended is left alone.
   */
  removethread(task: Task): void {
    this.#own("removethread()", task).cancel();
  }

  #own(call: string, task: unknown): Task {
    if (!(task instanceof Task)) {
      throw wrongType(
        call,
        "the thread",
        "a Task, as addthread() returns it",
        task,
      );
    }
    return task;
  }

  // --- The loop -------------------------------------------------------------------------

  /**
   * Runs the dispatcher until nothing is left to do: no server, no thread that
   * waits for a socket, for time or for a promise. A thread that sleeps until it
   * is woken does not count. Or until `exit()` was called and the threads have
   * ended; servers don't count then.
   *
   * @param init a function to start as a thread first
   * @throws {Error} when the dispatcher is being driven already
   */
  loop(init?: (() => unknown) | number, timeout?: number): Promise<void> {
    if (typeof init === "number") return this.loop(undefined, init);
    try {
      if (init !== undefined) checkFunction("loop()", "init", init);
      // Copas needs it for its select; here it has no effect.
      if (timeout !== undefined) checkSeconds("loop()", "the timeout", timeout);
      const ended = this.scheduler.driver.loop();
      if (init !== undefined) this.scheduler.spawn("copas_initializer", init);
      return ended;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * One turn: waits for something to be ready, and runs what is. When it
   * resolves, the threads that it resumed have run up to their next wait.
   *
   * @param timeout the longest wait in seconds; 0 does not wait. Default: no limit
   * @returns whether anything was ready
   * @throws {Error} when the dispatcher is being driven already
   *
   * @example A loop of one's own
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(async () => await copas.pause(0.5));
   * while (!copas.finished()) {
   *   await copas.step(0.1);
   *   console.log("between the steps");
   * }
   * ```
   */
  async step(timeout?: number): Promise<boolean> {
    if (timeout !== undefined) checkSeconds("step()", "the timeout", timeout);
    const forever = timeout === undefined || timeout < 0;
    return await this.scheduler.driver.step(forever ? Infinity : timeout);
  }

  /** Whether nothing is left to do: `loop()` would return. */
  finished(): boolean {
    return this.scheduler.finished;
  }

  /** Whether `loop()` runs. */
  get running(): boolean {
    return this.scheduler.driver.running;
  }

  /**
   * Says that the program is to end: those who `waitforexit` go on, servers
   * accept no more, and `loop()` returns when the threads have ended. It ends
   * no thread itself. `loop()` calls it when nothing is left to do.
   */
  exit(): void {
    this.scheduler.driver.exit();
  }

  /** Whether `exit()` was called since the loop began. It stays `true` after the loop, until the next. */
  exiting(): boolean {
    return this.scheduler.driver.exiting;
  }

  /** Waits until `exit()` is called, or returns at once when it was. Such a thread does not keep `loop()` going. */
  async waitforexit(options?: WaitOptions): Promise<void> {
    if (!this.exiting()) await this.#exits.wait(this.scheduler, options);
  }

  // --- Time -------------------------------------------------------------------------------

  /**
   * Lets the thread sleep for `seconds`. Nothing or 0: the others get their
   * turn. A negative number: until `wakeup`.
   */
  async sleep(
    seconds: number = 0,
    options?: { signal?: AbortSignal },
  ): Promise<void> {
    checkSeconds("sleep()", "the time", seconds);
    await this.#sleep(seconds < 0 ? Infinity : seconds, options);
  }

  /**
   * Lets the thread sleep for `seconds`. Nothing, 0 or a negative number: the
   * others get their turn.
   *
   * @returns the seconds that it slept; `wakeup` can end the sleep early
   */
  pause(
    seconds: number = 0,
    options?: { signal?: AbortSignal },
  ): Promise<number> {
    if (seconds === 0 && options === undefined) {
      return yieldTurn(this.scheduler);
    }
    try {
      checkSeconds("pause()", "the time", seconds);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#sleep(seconds, options);
  }

  /** Lets the thread sleep until `wakeup`. It does not keep `loop()` going. Resolves to the seconds that it slept. */
  pauseforever(options?: { signal?: AbortSignal }): Promise<number> {
    return this.#sleep(Infinity, options);
  }

  #sleep(seconds: number, options?: { signal?: AbortSignal }): Promise<number> {
    return seconds > 0
      ? sleepFor(this.scheduler, seconds, options?.signal)
      : yieldTurn(this.scheduler, options?.signal);
  }

  /** Ends the sleep of a thread. A thread that does not sleep is left alone. */
  wakeup(task: Task): void {
    wakeUp(this.#own("wakeup()", task));
  }

  /**
   * Sets the current thread's timeout: after `delay` seconds `callback` is
   * called with the thread. It does not wake or end the thread by itself. A
   * thread has one timeout; a new one replaces it, and 0 or `Infinity` cancels
   * it. An error of the callback goes to the default error handler.
   */
  timeout(delay: number, callback?: (task: Task) => unknown): void {
    checkDelay("timeout()", "the delay", delay);
    const cancels = delay === 0 || delay === Infinity;
    if (!cancels) checkFunction("timeout()", "the callback", callback);
    const { scheduler } = this;
    const task = scheduler.current;
    if (task.timeout !== undefined) {
      scheduler.sleepers.delete(task.timeout);
      task.timeout = undefined;
    }
    if (!cancels) {
      task.timeout = new TaskTimeout(task, callback!);
      scheduler.sleepUntil(task.timeout, scheduler.clock.now() + delay);
    }
    scheduler.weigh(task);
  }

  /** The wall-clock time: seconds since 1970-01-01, with fractions. */
  gettime(): number {
    return Date.now() / 1000;
  }

  /**
   * Waits for a promise that is not Copas's. The thread then goes on in a step,
   * like after every other wait, and can be given a timeout or removed.
   *
   * @returns what the promise resolves to
   * @throws what the promise is rejected with, a `TimeoutError` or a `CancelledError`
   */
  wait<T>(promise: PromiseLike<T>, options?: WaitOptions): Promise<T> {
    return waitForCall(this.scheduler, () => promise, {
      ...options,
      failed: "Cannot wait for the promise",
    });
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
      : this.#own("geterrorhandler()", task);
    return whose.errorhandler ?? this.scheduler.errorhandler;
  }

  /** An error as text: its message, the names of thread and socket, the stack, and what caused it. */
  gettraceback(error?: unknown, task?: Task, socket?: unknown): string {
    return traceback(error ?? "", task, socket);
  }

  // --- Names and numbers -----------------------------------------------------------------------

  /** Names a thread; default: the current one. */
  setthreadname(name: string, task: Task = this.scheduler.current): void {
    checkString("setthreadname()", "the name", name);
    this.#own("setthreadname()", task).name = name;
  }

  /** The name of a thread; default: the current one. Outside every thread it is `"main"`. */
  getthreadname(task: Task = this.scheduler.current): string {
    return this.#own("getthreadname()", task).name;
  }

  /**
   * What the dispatcher is doing.
   *
   * @param stats `true` begins to measure the steps; later calls tell what was
   * measured since the last one. `false` ends it
   */
  status(stats?: boolean): Status {
    const { scheduler } = this;
    const counts = {
      read: 0,
      write: 0,
      timer: 0,
      inactive: 0,
      timeout: 0,
      outside: 0,
    };
    for (const task of [scheduler.main, ...scheduler.tasks]) {
      if (task.timeout !== undefined) counts.timeout++;
      for (
        let wait: AnyWait | undefined = task.wait;
        wait !== undefined;
        wait = wait.older
      ) {
        if (!wait.pending) continue;
        if (wait.kind === "sleep") counts[wait.idle ? "inactive" : "timer"]++;
        else counts[wait.kind]++;
      }
    }
    const measured = scheduler.meter?.take();
    if (stats === true) scheduler.meter ??= new Meter(scheduler);
    if (stats === false) scheduler.meter = undefined;
    return {
      running: this.running,
      ...counts,
      read: counts.read + scheduler.services.size,
      active: scheduler.runnable,
      threads: scheduler.tasks.size,
      servers: scheduler.services.size,
      ...(stats === false ? undefined : measured),
    };
  }
}

function printError(error: unknown, task: Task, socket: unknown): void {
  console.error(traceback(error, task, socket));
}
