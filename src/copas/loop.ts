/**
 * The part of the Copas API that is about time: the loop, and the threads'
 * sleep.
 *
 * @module
 */

import {
  checkDelay,
  checkFunction,
  checkPromise,
  checkSeconds,
} from "../errors/arguments.ts";
import { checkWaitOptions } from "../errors/wait_options.ts";
import { waitForCall } from "../core/call.ts";
import type { Clock } from "../core/clock.ts";
import { handled } from "../core/handled.ts";
import { sleepFor, wakeUp, yieldTurn } from "../core/sleep.ts";
import type { Task } from "../core/task.ts";
import { ThreadTimeout } from "../core/thread_timeout.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { Threads } from "./threads.ts";

/** The loop and time, as {@linkcode Copas} has them. */
export abstract class Dispatcher extends Threads {
  /** Made by its subclasses.
   *
   * @param clock where the time comes from; default: the machine's monotonic
   * clock. Or the dispatcher of which this is a view */
  constructor(clock?: Clock | Dispatcher) {
    super(clock);
  }

  // --- The loop -------------------------------------------------------------------------

  /**
   * Runs the dispatcher until nothing is left to do: no server, no thread that
   * waits for a socket, for time or for a promise. A thread that sleeps until it
   * is woken does not count. Or until `exit()` was called and the threads have
   * ended; servers don't count then.
   *
   * @param init a function to start as a thread first
   * @throws {Error} when a `loop()` or a `step()` is under way, or in a thread: it would wait for itself
   */
  loop(init?: (() => unknown) | number, timeout?: number): Promise<void> {
    if (typeof init === "number") return this.loop(undefined, init);
    try {
      if (init !== undefined) checkFunction("loop()", "init", init);
      // Copas needs it for its select; here it has no effect.
      if (timeout !== undefined) checkSeconds("loop()", "the timeout", timeout);
      const { scheduler } = this;
      return scheduler.driver.loop(() => {
        if (init !== undefined) scheduler.spawn("copas_initializer", init);
      });
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
  waitforexit(options?: WaitOptions): Promise<void> {
    try {
      checkWaitOptions("waitforexit()", options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.exiting()
      ? Promise.resolve()
      : this.scheduler.exits.wait(options);
  }

  // --- Time -------------------------------------------------------------------------------

  /**
   * Lets the thread sleep for `seconds`. Nothing or 0: the others get their
   * turn. A negative number: until `wakeup`.
   */
  sleep(
    seconds: number = 0,
    options?: { signal?: AbortSignal },
  ): Promise<void> {
    try {
      checkSeconds("sleep()", "the time", seconds);
      checkWaitOptions("sleep()", options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#sleep(seconds < 0 ? Infinity : seconds, options?.signal, true);
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
      return yieldTurn(this.scheduler) as Promise<number>;
    }
    try {
      checkSeconds("pause()", "the time", seconds);
      checkWaitOptions("pause()", options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#sleep(seconds, options?.signal);
  }

  /** Lets the thread sleep until `wakeup`. It does not keep `loop()` going. Resolves to the seconds that it slept. */
  pauseforever(options?: { signal?: AbortSignal }): Promise<number> {
    try {
      checkWaitOptions("pauseforever()", options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#sleep(Infinity, options?.signal);
  }

  #sleep(
    seconds: number,
    signal: AbortSignal | undefined,
    silent: true,
  ): Promise<void>;
  #sleep(seconds: number, signal?: AbortSignal): Promise<number>;
  #sleep(
    seconds: number,
    signal?: AbortSignal,
    silent?: boolean,
  ): Promise<number | void> {
    return seconds > 0
      ? sleepFor(this.scheduler, seconds, { signal, silent })
      : yieldTurn(this.scheduler, { signal, silent });
  }

  /** Ends the sleep of a thread. A thread that does not sleep is left alone. */
  wakeup(task: Task): void {
    wakeUp(this.own("wakeup()", task));
  }

  /**
   * Sets the current thread's timeout: after `delay` seconds `callback` is
   * called with the thread, whether that still runs or not. It does not wake or
   * end the thread by itself. A thread has one timeout; a new one replaces it,
   * and 0 or `Infinity` cancels it. It keeps `loop()` going only for threads
   * that sleep until they are woken. An error of the callback goes to the
   * default error handler.
   *
   * @param delay seconds, 0 or more
   *
   * @example Sleep until somebody wakes the thread, but not for longer than five seconds
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.addthread(async () => {
   *   copas.timeout(5, (task) => copas.wakeup(task));
   *   const slept = await copas.pauseforever();
   *   copas.timeout(0);
   *   console.log(slept < 5 ? "woken" : "timed out");
   * });
   * await copas.loop();
   * ```
   */
  timeout(delay: number, callback?: (task: Task) => unknown): void {
    checkDelay("timeout()", "the delay", delay);
    const cancels = delay === 0 || delay === Infinity;
    if (!cancels) checkFunction("timeout()", "the callback", callback);
    const { scheduler } = this;
    const task = scheduler.current;
    task.timeout?.stop();
    if (!cancels) new ThreadTimeout(scheduler, task, callback!).start(delay);
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
    try {
      checkPromise("wait()", "the promise", promise);
      checkWaitOptions("wait()", options);
    } catch (error) {
      return Promise.reject(error);
    }
    // It may fail before the dispatcher looks at it, or after the wait was given up.
    const foreign = handled(Promise.resolve(promise));
    return waitForCall(this.scheduler, () => foreign, {
      timeout: options?.timeout,
      signal: options?.signal,
      failed: "Cannot wait for the promise",
    });
  }
}
