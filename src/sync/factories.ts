/**
 * `copas.lock`, `copas.semaphore`, `copas.queue`, `copas.timer` and
 * `copas.future`: they make the tools, and name those that have no name.
 *
 * @module
 */

import {
  checkFunction,
  checkInteger,
  checkString,
  wrongType,
} from "../errors/arguments.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { Future } from "./future.ts";
import { Lock, type LockOptions } from "./lock.ts";
import { Queue, type QueueOptions } from "./queue.ts";
import { Semaphore, type SemaphoreOptions } from "./semaphore.ts";
import { Timer, type TimerOptions } from "./timer.ts";
import { UnaskedErrors } from "./unasked_errors.ts";

/** Names for tools that have none of their own. Only those are counted. */
class Names {
  readonly #prefix: string;
  #count = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Makes a tool with the name that the options give, or with the next one. */
  give<T>(
    call: string,
    options: { name?: string },
    make: (name: string) => T,
  ): T {
    if (typeof options !== "object" || options === null) {
      throw wrongType(call, "the options", "an object", options);
    }
    if (options.name !== undefined) {
      checkString(call, "the name", options.name);
      return make(options.name);
    }
    const made = make(`${this.#prefix}_${this.#count + 1}`);
    this.#count++;
    return made;
  }
}

/** `copas.lock`: makes locks. */
export class LockFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new Names("lock");

  /** For Copas itself: use `copas.lock`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * Makes a lock.
   *
   * @param timeout seconds that `get` waits when it is not told otherwise;
   * `Infinity` is for ever. Or an object with `timeout`, `notreentrant` and
   * `name`. Default: 10
   * @param notreentrant whether the owner has to wait like everybody else when
   * it gets the lock again. Default: `false`
   */
  new(timeout?: number | LockOptions, notreentrant?: boolean): Lock {
    const options = typeof timeout === "object"
      ? timeout
      : { timeout, notreentrant };
    return this.#names.give(
      "lock.new()",
      options,
      (name) => new Lock(this.#scheduler, name, options),
    );
  }
}

/** `copas.semaphore`: makes semaphores. */
export class SemaphoreFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new Names("semaphore");

  /** For Copas itself: use `copas.semaphore`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /**
   * Makes a semaphore.
   *
   * @param max how many resources it can hold; `Infinity` is any number
   * @param start how many there are at first, or an object with `start`,
   * `timeout` and `name`. Default: 0
   * @param timeout seconds that `take` waits when it is not told otherwise;
   * `Infinity` is for ever. Default: 10
   */
  new(
    max: number,
    start?: number | SemaphoreOptions,
    timeout?: number,
  ): Semaphore {
    const options = typeof start === "object" ? start : { start, timeout };
    return this.#names.give(
      "semaphore.new()",
      options,
      (name) => new Semaphore(this.#scheduler, name, max, options),
    );
  }
}

/** `copas.queue`: makes queues. */
export class QueueFactory {
  readonly #scheduler: Scheduler;
  readonly #names = new Names("copas_queue");

  /** For Copas itself: use `copas.queue`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Makes a queue. */
  new<T = unknown>(options: QueueOptions = {}): Queue<T> {
    return this.#names.give("queue.new()", options, (name) => {
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
  readonly #names = new Names("copas_timer");

  /** For Copas itself: use `copas.timer`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Makes a timer and arms it. */
  new<P = undefined>(options: TimerOptions<P>): Timer<P> {
    return this.#names.give(
      "timer.new()",
      options,
      (name) => new Timer(this.#scheduler, name, options),
    );
  }
}

/** `copas.future`: starts threads whose results can be waited for. */
export class FutureFactory {
  /** What `try()` says of a future whose thread has not come to its end: `false`. */
  readonly PENDING = false as const;
  /** What `try()` says of a future that has a result: `true`. */
  readonly SUCCESS = true as const;
  /** What `try()` says of a future whose thread failed, or that was cancelled: `"error"`. */
  readonly ERROR = "error" as const;
  readonly #scheduler: Scheduler;
  readonly #errors: UnaskedErrors;

  /** For Copas itself: use `copas.future`. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#errors = new UnaskedErrors(scheduler);
  }

  /**
   * Starts `fn` as a thread: it runs at once, up to its first wait.
   *
   * @param args what `fn` is called with
   * @returns its future
   */
  addthread<A extends unknown[], T>(
    fn: (...args: A) => T,
    ...args: A
  ): Future<Awaited<T>> {
    checkFunction("future.addthread()", "fn", fn);
    return this.#start(undefined, fn, args);
  }

  /** The same as `addthread`, with a name for the thread. */
  addnamedthread<A extends unknown[], T>(
    name: string,
    fn: (...args: A) => T,
    ...args: A
  ): Future<Awaited<T>> {
    checkString("future.addnamedthread()", "the name", name);
    checkFunction("future.addnamedthread()", "fn", fn);
    return this.#start(name, fn, args);
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
