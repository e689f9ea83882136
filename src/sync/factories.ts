/**
 * `copas.lock`, `copas.semaphore`, `copas.queue`, `copas.timer` and
 * `copas.future`: they make what threads need to work together.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import {
  checkFunction,
  checkInteger,
  checkString,
} from "../errors/arguments.ts";
import { DefaultNames } from "./default_names.ts";
import { Future } from "./future.ts";
import { Lock, type LockOptions } from "./lock.ts";
import { Queue, type QueueOptions } from "./queue.ts";
import { ResolvableFuture } from "./resolvable_future.ts";
import { Semaphore, type SemaphoreOptions } from "./semaphore.ts";
import { Timer, type TimerOptions } from "./timer.ts";
import { UnobservedErrors } from "./unobserved_errors.ts";

/** `copas.lock`: makes locks. */
export class LockFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new DefaultNames("lock", [
    "name",
    "timeout",
    "notreentrant",
  ]);

  /** @ignore Each dispatcher makes its own: `copas.lock`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * Makes a lock. No thread owns it.
   *
   * @param timeout seconds that `get` waits when the caller names no timeout, 0
   * or more; `Infinity` is without limit. Or an object with `timeout`,
   * `notreentrant` and `name`. Default: 10
   * @param notreentrant whether the owner has to wait like other threads when
   * it gets the lock again. Default: `false`
   * @returns the lock
   * @throws {TypeError} when the timeout is not a number, the name not a
   * string, or the options are `null` or have an unknown key
   * @throws {RangeError} when the timeout is negative or `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const lock = copas.lock.new({ name: "cache", timeout: 2 });
   * console.log(`${lock}`); // "cache: free"
   * ```
   */
  new(timeout?: number | LockOptions, notreentrant?: boolean): Lock {
    const options = typeof timeout === "object"
      ? timeout
      : { timeout, notreentrant };
    return this.#names.make(
      "lock.new()",
      options,
      (name) => new Lock(this.#scheduler, name, options),
    );
  }
}

/** `copas.semaphore`: makes semaphores. */
export class SemaphoreFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new DefaultNames("semaphore", ["name", "start", "timeout"]);

  /** @ignore Each dispatcher makes its own: `copas.semaphore`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * Makes a semaphore.
   *
   * @param max how many resources it can hold, a whole number from 1 on or
   * `Infinity`
   * @param start how many there are at first, a whole number from 0 to `max`.
   * Or an object with `start`, `timeout` and `name`. Default: 0
   * @param timeout seconds that `take` waits when the caller names no timeout,
   * 0 or more; `Infinity` is without limit. Default: 10
   * @returns the semaphore
   * @throws {TypeError} when a number is of another type, the name is not a
   * string, or the options are `null` or have an unknown key
   * @throws {RangeError} when `max` is not from 1 on, `start` not from 0 to
   * `max`, one of them not a whole number, or the timeout is negative or `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const slots = copas.semaphore.new(5, { start: 5, name: "slots" });
   * console.log(slots.getcount()); // 5
   * ```
   */
  new(
    max: number,
    start?: number | SemaphoreOptions,
    timeout?: number,
  ): Semaphore {
    const options = typeof start === "object" ? start : { start, timeout };
    return this.#names.make(
      "semaphore.new()",
      options,
      (name) => new Semaphore(this.#scheduler, name, max, options),
    );
  }
}

/** `copas.queue`: makes queues. */
export class QueueFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new DefaultNames("copas_queue", ["name", "maxsize"]);

  /** @ignore Each dispatcher makes its own: `copas.queue`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * Makes a queue. It is empty.
   *
   * @param options the queue's `name` and its `maxsize`. Default: a name such
   * as `copas_queue_1`, and no limit
   * @returns the queue
   * @throws {TypeError} when the options are not an object or have an unknown
   * key, the name is not a string, or the maxsize not a number
   * @throws {RangeError} when the maxsize is not a whole number from 1 on, or `Infinity`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const lines = copas.queue.new<string>({ name: "lines", maxsize: 100 });
   * console.log(lines.maxsize); // 100
   * ```
   */
  new<T = unknown>(options: QueueOptions = {}): Queue<T> {
    return this.#names.make("queue.new()", options, (name) => {
      const { maxsize = Infinity } = options;
      if (maxsize !== Infinity) {
        checkInteger("queue.new()", "the maxsize", maxsize, 1);
      }
      return new Queue<T>(this.#scheduler, name, maxsize);
    });
  }
}

/** `copas.timer`: makes timers. */
export class TimerFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new DefaultNames("copas_timer", [
    "name",
    "delay",
    "callback",
    "recurring",
    "initialdelay",
    "unref",
    "params",
    "errorhandler",
  ]);

  /** @ignore Each dispatcher makes its own: `copas.timer`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * Makes a timer and arms it.
   *
   * @param options what the timer calls, and when: `delay` and `callback`, and
   * any of `recurring`, `initialdelay`, `unref`, `params`, `errorhandler` and `name`
   * @returns the timer
   * @throws {TypeError} when the options are not an object or have an unknown
   * key, a delay is not a number, the callback or the errorhandler not a function, or the name not a string
   * @throws {RangeError} when a delay is negative or `NaN`
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * copas.timer.new({ delay: 1, callback: () => console.log("one second") });
   * await copas.loop();
   * ```
   */
  new<P = undefined>(options: TimerOptions<P>): Timer<P> {
    return this.#names.make(
      "timer.new()",
      options,
      (name) => new Timer(this.#scheduler, name, options),
    );
  }
}

/** `copas.future`: starts threads whose results can be waited for, and makes results that come from outside. */
export class FutureFactory {
  /** The status that `try()` returns while the future's thread has not come to its end: `false`. */
  readonly PENDING = false as const;
  /** The status that `try()` returns of a future that has a result: `true`. */
  readonly SUCCESS = true as const;
  /** The status that `try()` returns of a future whose thread failed, or that was cancelled: `"error"`. */
  readonly ERROR = "error" as const;
  readonly #scheduler: Scheduler;
  readonly #errors: UnobservedErrors;

  /** @ignore Each dispatcher makes its own: `copas.future`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#errors = new UnobservedErrors(scheduler);
  }

  /**
   * Starts `fn` as a thread: it runs at once, up to its first wait.
   *
   * @param fn what the thread runs
   * @param args what `fn` is called with. Default: nothing
   * @returns the future of what `fn` returns
   * @throws {TypeError} when `fn` is not a function
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const sum = copas.future.addthread(async (a: number, b: number) => {
   *   await copas.pause(1);
   *   return a + b;
   * }, 1, 2);
   * console.log(await sum); // 3
   * ```
   */
  addthread<A extends unknown[], T>(
    fn: (...args: A) => T,
    ...args: A
  ): Future<Awaited<T>> {
    checkFunction("future.addthread()", "fn", fn);
    return this.#start(undefined, fn, args);
  }

  /**
   * Starts `fn` as a thread with a name: it runs at once, up to its first wait.
   *
   * @param name the thread's name, for messages
   * @param fn what the thread runs
   * @param args what `fn` is called with. Default: nothing
   * @returns the future of what `fn` returns
   * @throws {TypeError} when the name is not a string, or `fn` not a function
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const future = copas.future.addnamedthread("answer", () => 42);
   * console.log(future.task.name); // "answer"
   * ```
   */
  addnamedthread<A extends unknown[], T>(
    name: string,
    fn: (...args: A) => T,
    ...args: A
  ): Future<Awaited<T>> {
    checkString("future.addnamedthread()", "the name", name);
    checkFunction("future.addnamedthread()", "fn", fn);
    return this.#start(name, fn, args);
  }

  /**
   * Makes a future without a thread: `resolve` or `reject` gives it its result.
   *
   * @returns the future, which is pending
   *
   * @example
   * ```ts
   * import copas from "jsr:@copas/copas";
   *
   * const answer = copas.future.new<number>();
   * copas.addthread(async () => console.log(await answer)); // 42
   * answer.resolve(42);
   * await copas.loop();
   * ```
   */
  new<T = void>(): ResolvableFuture<T> {
    return new ResolvableFuture<T>(this.#scheduler, this.#errors);
  }

  #start<A extends unknown[], T>(
    name: string | undefined,
    fn: (...args: A) => T,
    args: A,
  ): Future<Awaited<T>> {
    const body = () => fn(...args) as Awaited<T> | PromiseLike<Awaited<T>>;
    return new Future(this.#scheduler, this.#errors, name, body);
  }
}
