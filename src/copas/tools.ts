/**
 * The part of the Copas API that is about what threads need to work together:
 * timers, locks, semaphores, queues and futures.
 *
 * @module
 */

import type { Clock } from "../core/clock.ts";
import { Dispatcher } from "./loop.ts";
import {
  FutureFactory,
  LockFactory,
  QueueFactory,
  SemaphoreFactory,
  TimerFactory,
} from "../sync/factories.ts";

/** The threads' tools, as {@linkcode Copas} has them. */
export abstract class Tools extends Dispatcher {
  /** Calls a function after some time, once or again and again. */
  readonly timer: TimerFactory;
  /** Lets one thread at a time do something. */
  readonly lock: LockFactory;
  /** Lets a number of threads at a time do something. */
  readonly semaphore: SemaphoreFactory;
  /** Hands items from thread to thread. */
  readonly queue: QueueFactory;
  /** Starts threads whose results can be waited for. */
  readonly future: FutureFactory;

  /** Made by its subclasses.
   *
   * @param clock where the time comes from; default: the machine's monotonic
   * clock. Or the dispatcher of which this is a view */
  constructor(clock?: Clock | Tools) {
    super(clock);
    const { scheduler } = this;
    const shared = clock instanceof Tools ? clock : undefined;
    this.timer = shared?.timer ?? new TimerFactory(scheduler);
    this.lock = shared?.lock ?? new LockFactory(scheduler);
    this.semaphore = shared?.semaphore ?? new SemaphoreFactory(scheduler);
    this.queue = shared?.queue ?? new QueueFactory(scheduler);
    this.future = shared?.future ?? new FutureFactory(scheduler);
  }
}
