/**
 * The driver: turns the scheduler round by round, for `loop()`, for `step()`,
 * or for a wait outside every thread, and rests in between.
 *
 * @module
 */

import { afterPoll } from "./poll.ts";
import type { Scheduler } from "./scheduler.ts";

/** A turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * How many rounds in a row may begin with the end of an operation: that is a
 * sign that the event loop goes round, unless a stream answers by itself, as
 * one of TLS may.
 */
const MOST_ROUNDS = 64;
/** How many calls there may be in them. */
export const MOST_CALLS: number = 16 * 1024;

/** Who turns the scheduler, and until when. */
export class Driver {
  /** Whether `exit()` was called, or the loop came to its end by itself. */
  exiting = false;
  /** Whether servers accept: until `exit()` is called, and again when the next loop begins. */
  accepting = true;
  /** Whether the loop does not wait for what has not been written yet: after `cancelall()`. */
  hurried = false;
  /** Called when `exiting` becomes true. */
  onexit: () => void = () => {};
  readonly #scheduler: Scheduler;
  #looping?: PromiseWithResolvers<void>;
  #stepping = false;
  /** The rounds under way, for `loop()` and for waits outside every thread. */
  #rounds?: Promise<void>;
  /** `step()` wants its turn. */
  #makeWay = false;
  #alarmAt = Infinity;
  #cancelAlarm?: () => void;
  #rang = false;
  #roundsInTurn = 0;
  #callsBefore = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Whether `loop()` runs. */
  get running(): boolean {
    return this.#looping !== undefined;
  }

  /** Calls `init`, and runs until nothing is left to do. */
  loop(init: () => void): Promise<void> {
    this.#refuseSecond("loop()");
    const { current, main, services, selector } = this.#scheduler;
    if (current !== main) {
      throw new Error(
        `loop(): thread ${current.name} would wait for its own end; call it outside every thread`,
      );
    }
    this.exiting = false;
    this.accepting = true;
    const { promise } = this.#looping = Promise.withResolvers();
    selector.looping = true;
    for (const service of services) service.resume();
    init();
    this.#start();
    selector.wake();
    return promise;
  }

  /** Says that the loop is to end. */
  exit(): void {
    this.accepting = false;
    this.#exit();
    this.#scheduler.selector.wake();
  }

  #exit(): void {
    if (this.exiting) return;
    this.exiting = true;
    this.onexit();
  }

  /** One round; waits for something to be ready, at most `timeout` seconds. */
  async step(timeout: number): Promise<boolean> {
    this.#refuseSecond("step()");
    const scheduler = this.#scheduler;
    this.#stepping = true;
    try {
      this.#makeWay = true;
      scheduler.selector.wake();
      await this.#rounds;
      this.#makeWay = false;
      scheduler.selector.driven = true;
      const now = await this.#somethingReady(timeout);
      scheduler.refresh();
      const active = scheduler.round(now);
      // The microtasks of what was resumed end before the next turn begins.
      await turn();
      return active;
    } finally {
      this.#stop();
      this.#stepping = false;
      this.driveForMain();
    }
  }

  /** Waits until a round has something to do, or the time is up. Returns the time. */
  async #somethingReady(timeout: number): Promise<number> {
    const scheduler = this.#scheduler;
    const { clock, sleepers } = scheduler;
    let now = clock.now();
    const until = now + timeout;
    for (
      let polled = false;
      !scheduler.hasWork && sleepers.next > now;
      polled = true
    ) {
      if (polled && until <= now) break;
      if (timeout === Infinity && scheduler.finished) break;
      this.#setAlarm(Math.min(until, sleepers.next));
      await scheduler.selector.rest();
      now = clock.now();
    }
    return now;
  }

  #refuseSecond(call: string): void {
    if (this.#looping !== undefined) {
      throw new Error(
        `${call}: the dispatcher's loop() runs already; one driver at a time`,
      );
    }
    if (this.#stepping) {
      throw new Error(
        `${call}: a step() of the dispatcher is under way; await it first`,
      );
    }
  }

  /** A wait outside every thread began, or may still be there: it drives until it is over. */
  driveForMain(): void {
    if (this.#scheduler.main.waits > 0 && !this.#stepping) this.#start();
  }

  #start(): void {
    if (this.#rounds !== undefined) return;
    this.#scheduler.selector.driven = true;
    this.#rounds = this.#drive();
  }

  async #drive(): Promise<void> {
    const scheduler = this.#scheduler;
    const { selector } = scheduler;
    // Whoever starts the driver goes on first: the loop may be over at once.
    await null;
    while (
      !this.#makeWay &&
      (this.#looping !== undefined || scheduler.main.waits > 0)
    ) {
      if (!scheduler.hasWork && !this.#rang) {
        if (this.#looping !== undefined && scheduler.finished) {
          await this.#finish();
          continue;
        }
        if (this.#cancelAlarm === undefined) {
          this.#setAlarm(scheduler.sleepers.next);
        }
        await selector.rest();
      } else {
        // Lets the threads of the last round run before the next one.
        await null;
      }
      const anyEnded = selector.ended > 0;
      if (anyEnded && this.#mayGoOn()) {
        scheduler.refresh();
      } else if (anyEnded || scheduler.isSpent) {
        this.#roundsInTurn = 0;
        this.#callsBefore = scheduler.endOfTurn.calls;
        // A mere turn would hardly ever bring the data of those who wait for it.
        if (anyEnded || selector.outstanding === 0) await turn();
        else await new Promise<void>((resolve) => afterPoll(resolve));
        scheduler.refresh();
        // Where threads are busy all the time, the driver hardly rests.
        this.#rang = true;
      }
      // The clock is asked only when the alarm has rung: a round without is cheap.
      scheduler.round(this.#rang ? scheduler.clock.now() : -Infinity);
      this.#rang = false;
    }
    this.#rounds = undefined;
    this.#stop();
  }

  /** Whether another round may begin with the end of an operation. */
  #mayGoOn(): boolean {
    const calls = this.#scheduler.endOfTurn.calls - this.#callsBefore;
    return ++this.#roundsInTurn < MOST_ROUNDS && calls < MOST_CALLS;
  }

  /** Nothing is left to do: those who wait for the exit go on; when they are done as well, the loop is over. */
  async #finish(): Promise<void> {
    if (!this.exiting) return this.#exit();
    const { tasks } = this.#scheduler;
    if (tasks.some((task) => task.removed)) {
      // They are not waited for, but they get a turn to clean up.
      await turn();
      if (this.#scheduler.hasWork || !this.#scheduler.finished) return;
    }
    this.#scheduler.selector.looping = false;
    this.#looping!.resolve();
    this.#looping = undefined;
    this.hurried = false;
  }

  #stop(): void {
    this.#scheduler.selector.driven = false;
    this.#rang = false;
    this.#dropAlarm();
  }

  /** Sees to it that the driver wakes at `at`, if there is one. */
  wakeBy(at: number): void {
    if (this.#cancelAlarm !== undefined && at < this.#alarmAt) {
      this.#setAlarm(at);
    }
  }

  /** The alarm also keeps the process alive while the driver rests: no socket does. */
  #setAlarm(at: number): void {
    this.#dropAlarm();
    this.#alarmAt = at;
    this.#cancelAlarm = this.#scheduler.clock.alarm(
      at,
      this.#ring,
      this.#scheduler,
    );
  }

  #dropAlarm(): void {
    this.#cancelAlarm?.();
    this.#cancelAlarm = undefined;
    this.#alarmAt = Infinity;
  }

  #ring = () => {
    this.#cancelAlarm = undefined;
    this.#alarmAt = Infinity;
    this.#rang = true;
    this.#scheduler.selector.wake();
  };
}
