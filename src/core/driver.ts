/**
 * The driver: turns the scheduler round by round, for `loop()`, for `step()`,
 * or for a wait outside every thread, and rests in between.
 *
 * @module
 */

import type { DeadlineHeap } from "../collections/deadline_heap.ts";
import { Alarm, type Clock, type ClockHost } from "./clock.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { SLICE, type TimeSlice } from "./time_slice.ts";
import { afterPoll } from "../readiness/poll.ts";
import type { Selector } from "../readiness/selector.ts";

/** What the driver needs of the scheduler. */
export interface Driven extends ClockHost {
  readonly clock: Clock;
  readonly selector: Selector;
  readonly lifecycle: Lifecycle;
  /** What is to be done at a certain time. */
  readonly deadlines: DeadlineHeap;
  /** All threads. */
  readonly tasks: {
    some(test: (thread: { readonly removed: boolean }) => boolean): boolean;
  };
  /** The thread that runs. */
  readonly current: { readonly name: string };
  /** Stands for the code outside every thread. */
  readonly main: { readonly name: string; readonly waitCount: number };
  /** How long threads may run before the event loop has its turn. */
  readonly slice: TimeSlice;
  /** What accepts while a loop runs. */
  readonly services: Iterable<{ resume(): void }>;
  /** Whether nothing is left to do. */
  readonly finished: boolean;
  /** Whether a round would find something to do, time aside. */
  readonly hasWork: boolean;
  /** Begins a round, with what is due by `now`. Returns whether it is complete. */
  beginRound(now: number): boolean;
  /** Goes on with the round. Returns whether it is complete. */
  continueRound(): boolean;
  /** Whether there was anything in the round. */
  readonly roundWasActive: boolean;
}

/** Resolves after a turn of the event loop. */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when Deno has asked the system for I/O. */
function turnWithPoll(): Promise<void> {
  return new Promise((resolve) => afterPoll(resolve));
}

/**
 * After so many microtasks the threads that were resumed have gone on, unless
 * more async functions than that lie between their waits and their work.
 */
const MICROTASKS = 6;

/** To await it makes no promise. */
const RESOLVED = Promise.resolve();

/**
 * A deadline that is noticed so many seconds late tells of a stall: a thread
 * that computed for long, or a process that was stopped.
 */
const STALL = 2 * SLICE / 1000;

/** Turns the scheduler, for one caller at a time. */
export class Driver {
  readonly #scheduler: Driven;
  readonly #lifecycle: Lifecycle;
  readonly #alarm: Alarm;
  /** The end of `loop()`, while it runs. */
  #loopEnd?: PromiseWithResolvers<void> = undefined;
  /** Whether a `step()` is under way. */
  #isStepping = false;
  /** Whether the program has called `loop()` or `step()`. */
  hasRun = false;
  /** Whether the program has waited outside every thread since there is something to do. */
  hasDriven = false;
  /** The rounds under way, for `loop()` and for waits outside every thread. */
  #rounds?: Promise<void> = undefined;
  /** Whether the rounds under way have to end, because a `step()` waits for that. */
  #mustMakeRoom = false;
  /** Until when a `step()` waits. */
  #stepUntil = Infinity;
  /** Whether the next round asks the clock which deadlines have been reached. */
  #asksClock = false;

  constructor(scheduler: Driven) {
    this.#scheduler = scheduler;
    this.#lifecycle = scheduler.lifecycle;
    this.#alarm = new Alarm(scheduler.clock, scheduler, () => {
      this.#asksClock = true;
      scheduler.selector.wake();
    });
  }

  /** Whether `loop()` runs. */
  get running(): boolean {
    return this.#loopEnd !== undefined;
  }

  /** Whether the exit has been announced. */
  get exiting(): boolean {
    return this.#lifecycle.isExiting;
  }

  /** Whether servers accept. */
  get accepting(): boolean {
    return this.#lifecycle.isAccepting;
  }

  /** Calls `init`, and runs until nothing is left to do. */
  loop(init: () => void): Promise<void> {
    this.#refuseSecondCaller("loop()");
    const { current, main, services, selector } = this.#scheduler;
    if (current !== main) {
      throw new Error(
        `loop(): thread ${current.name} would wait for its own end; call it outside every thread`,
      );
    }
    this.hasRun = true;
    this.#lifecycle.loopBegins();
    const { promise } = this.#loopEnd = Promise.withResolvers();
    selector.looping = true;
    for (const service of services) service.resume();
    init();
    this.#start();
    selector.wake();
    return promise;
  }

  /** Announces the exit: the loop ends when the threads have. */
  exit(): void {
    this.#lifecycle.exit();
    this.#scheduler.selector.wake();
  }

  /** One round; waits for something to be ready, at most `timeout` seconds. */
  async step(timeout: number): Promise<boolean> {
    this.#refuseSecondCaller("step()");
    const scheduler = this.#scheduler;
    this.#isStepping = this.hasRun = true;
    try {
      this.#mustMakeRoom = true;
      scheduler.selector.wake();
      await this.#rounds;
      this.#mustMakeRoom = false;
      scheduler.selector.driven = true;
      if (this.#isLate || !scheduler.slice.mayGoOn()) await this.#giveTurn();
      await this.#round(await this.#untilReady(timeout));
      // The microtasks of what was resumed end before the next turn begins.
      await turnOfEventLoop();
      if (scheduler.finished) this.#lifecycle.shutdown?.quiet();
      return scheduler.roundWasActive;
    } finally {
      this.#stop();
      this.#isStepping = false;
      this.#stepUntil = Infinity;
      this.driveForMain();
    }
  }

  /** Waits until a round has something to do, or the time is up. Returns the time. */
  async #untilReady(timeout: number): Promise<number> {
    const scheduler = this.#scheduler;
    const { clock, deadlines } = scheduler;
    let now = clock.now();
    const until = this.#stepUntil = now + timeout;
    for (
      let polled = false;
      !scheduler.hasWork && deadlines.next > now;
      polled = true
    ) {
      if (polled && until <= now) break;
      if (timeout === Infinity && scheduler.finished) break;
      this.#alarm.set(Math.min(until, deadlines.next));
      await scheduler.selector.rest();
      now = clock.now();
    }
    return now;
  }

  #refuseSecondCaller(call: string): void {
    if (this.running) {
      throw new Error(
        `${call}: the dispatcher's loop() runs already; one driver at a time`,
      );
    }
    if (this.#isStepping) {
      throw new Error(
        `${call}: a step() of the dispatcher is under way; await it first`,
      );
    }
  }

  /** A wait outside every thread began, or may still be there: drives until it is over. */
  driveForMain(): void {
    if (this.#scheduler.main.waitCount === 0) return;
    this.hasDriven = true;
    if (!this.#isStepping) this.#start();
  }

  #start(): void {
    if (this.#rounds !== undefined) return;
    this.#scheduler.selector.driven = true;
    this.#rounds = this.#drive();
  }

  /** Whether rounds are still wanted. */
  get #mustDrive(): boolean {
    return !this.#mustMakeRoom &&
      (this.running || this.#scheduler.main.waitCount > 0);
  }

  async #drive(): Promise<void> {
    const scheduler = this.#scheduler;
    const { selector } = scheduler;
    // The caller goes on first: the loop may be over at once.
    await RESOLVED;
    while (this.#mustDrive) {
      if (!scheduler.hasWork && !this.#asksClock) {
        if (scheduler.finished) {
          const isMoreToCome = this.#lifecycle.shutdown?.quiet();
          if (scheduler.hasWork) continue;
          if (this.running && !isMoreToCome) {
            await this.#finish();
            continue;
          }
        }
        if (!this.#alarm.isSet) this.#alarm.set(scheduler.deadlines.next);
        await selector.rest();
      } else {
        // Lets the threads of the last round run before the next one.
        await RESOLVED;
      }
      if (!scheduler.slice.mayGoOn()) {
        await this.#giveTurn();
        // Where threads are busy all the time, the driver hardly rests.
        this.#asksClock = true;
      }
      // A round that does not ask the clock is cheap.
      let now = -Infinity;
      if (this.#asksClock) {
        if (this.#isLate) await this.#giveTurn();
        now = scheduler.clock.now();
        this.#asksClock = false;
      }
      const rest = this.#round(now);
      if (rest !== undefined) await rest;
    }
    this.#rounds = undefined;
    this.#stop();
  }

  /** One round. Returns a promise of its end when it is not complete at once. */
  #round(now: number): Promise<void> | undefined {
    return this.#scheduler.beginRound(now) ? undefined : this.#completeRound();
  }

  /** Serves the rest of a round piece by piece, so that the time is known that the threads take. */
  async #completeRound(): Promise<void> {
    const scheduler = this.#scheduler;
    do {
      const microtasks = scheduler.slice.isWellKnown ? 1 : MICROTASKS;
      for (let i = 0; i < microtasks; i++) await RESOLVED;
      if (!scheduler.slice.mayGoOn()) {
        await this.#giveTurn();
        this.#asksClock = true;
      }
    } while (!scheduler.continueRound());
  }

  /** Lets the event loop have its turn. What the threads have sent goes out before. */
  async #giveTurn(): Promise<void> {
    const { selector, slice } = this.#scheduler;
    // The wait that it was set for may have been the last one: the program goes on, and may end.
    if (!this.#isStepping && !this.#mustDrive) this.#alarm.cancel();
    // A turn without a poll would hardly ever bring data to the threads that wait for it.
    if (selector.outstanding + selector.writing > 0) await turnWithPoll();
    else await turnOfEventLoop();
    slice.begin();
  }

  /** Whether a deadline has passed so long ago that data may have come in time and not have been seen. */
  get #isLate(): boolean {
    const { clock, deadlines, selector } = this.#scheduler;
    return selector.outstanding > 0 && clock.now() - deadlines.next > STALL;
  }

  /** Nothing is left to do: the threads that wait for the exit go on; when they are done as well, the loop is over. */
  async #finish(): Promise<void> {
    const scheduler = this.#scheduler;
    if (!this.#lifecycle.isExiting) return this.#lifecycle.finish();
    if (scheduler.tasks.some((task) => task.removed)) {
      // Removed threads are not waited for, but they get a turn to clean up.
      await turnOfEventLoop();
      if (scheduler.hasWork || !scheduler.finished) return;
    }
    this.#endLoop();
  }

  #endLoop(): void {
    const loopEnd = this.#loopEnd;
    this.#scheduler.selector.looping = false;
    this.#loopEnd = undefined;
    this.#lifecycle.loopEnded();
    loopEnd?.resolve();
  }

  /** Ends `loop()` now, with an error; the threads stay where they are. */
  abort(error: unknown): void {
    this.#loopEnd?.reject(error);
    this.#endLoop();
    if (!this.#mustDrive) this.#alarm.cancel();
    this.#scheduler.selector.wake();
  }

  #stop(): void {
    this.#scheduler.selector.driven = false;
    this.#asksClock = false;
    this.#alarm.cancel();
  }

  /** Whether the alarm is set for a time at which nothing is due any more. */
  get wakesInVain(): boolean {
    const due = Math.min(this.#scheduler.deadlines.next, this.#stepUntil);
    return this.#alarm.time < due;
  }

  /** There is something to do at `time`: when the driver rests for longer, it wakes by then. */
  wakeBy(time: number): void {
    this.#alarm.setBefore(time);
  }
}
