/**
 * The part of a dispatcher that runs it: the loop, single steps, and its end.
 *
 * @module
 */

import {
  pacedCall,
  rejectedCall,
  resolvedCall,
} from "../core/immediate_call.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { Thread } from "../core/thread.ts";
import { CancelledError } from "../errors/errors.ts";
import { checkFunction, checkSeconds } from "../errors/arguments.ts";
import { checkWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import type { Context } from "./context.ts";

/** The thread of `init`. An error of it is one of the loop. */
class Initializer extends Thread {
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    super(scheduler, "copas_initializer");
    this.#scheduler = scheduler;
  }

  override fail(error: unknown): void {
    const isOrdinary = this.removed && error instanceof CancelledError;
    if (!isOrdinary) this.#scheduler.driver.abort(error);
    // A handler that it has set itself hears of it as well.
    if (this.errorhandler !== undefined) super.fail(error);
    else this.finish();
  }
}

/** Runs the dispatcher until nothing is left to do. */
export function loop(
  context: Context,
  init?: (() => unknown) | number,
  timeout?: number,
): Promise<void> {
  if (typeof init === "number") return loop(context, undefined, init);
  try {
    if (init !== undefined) checkFunction("loop()", "init", init);
    if (timeout !== undefined) checkSeconds("loop()", "the timeout", timeout);
    const { scheduler } = context;
    const isEmpty = init === undefined && scheduler.finished;
    const looping = scheduler.driver.loop(() => {
      if (init !== undefined) new Initializer(scheduler).run(init);
    });
    return isEmpty ? pacedCall(scheduler, looping) : looping;
  } catch (error) {
    return rejectedCall(context.scheduler, error);
  }
}

/** One step: waits for something to be ready, and runs what is. */
export async function step(
  { scheduler }: Context,
  timeout: number = Infinity,
): Promise<boolean> {
  try {
    checkSeconds("step()", "the timeout", timeout);
    return await scheduler.driver.step(timeout < 0 ? Infinity : timeout);
  } catch (error) {
    return await rejectedCall(scheduler, error);
  }
}

/** Waits until the dispatcher is asked to exit. */
export function waitForExit(
  { scheduler }: Context,
  options?: WaitOptions,
): Promise<void> {
  try {
    checkWaitOptions("waitforexit()", options);
  } catch (error) {
    return rejectedCall(scheduler, error);
  }
  return scheduler.lifecycle.isExiting
    ? resolvedCall(scheduler, undefined)
    : scheduler.exits.wait(options);
}
