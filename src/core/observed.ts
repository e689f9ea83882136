/**
 * What looks at a dispatcher while it works.
 *
 * @module
 */

import { Counts } from "./counts.ts";
import type { RoundWatch } from "./round_watch.ts";
import type { StepTimings } from "./step_timings.ts";
import type { Task } from "./task.ts";
import type { AnyWait } from "./wait.ts";

/** The part of a dispatcher that tells what it does. */
export abstract class Observed {
  /** What it has counted. */
  readonly counts: Counts = new Counts();
  /** Called for every thread that goes on, waits, or ends; for `copas.debug`. */
  log?: (
    event: "resuming" | "yielding" | "exiting",
    task: Task,
    wait?: AnyWait,
  ) => void = undefined;
  /** Times the rounds while `status()` is asked to tell of them. */
  stepTimings?: StepTimings = undefined;
  /** Measures how long the threads keep the event loop, once `metrics()` was asked for it. */
  watch?: RoundWatch = undefined;
}
