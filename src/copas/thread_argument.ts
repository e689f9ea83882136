/**
 * The check of an argument that has to be a thread.
 *
 * @module
 */

import { Thread } from "../core/thread.ts";
import { wrongType } from "../errors/arguments.ts";
import type { Context } from "./context.ts";

/** The thread that the caller of `call` gave as `task`: one of this dispatcher. */
export function checkThread(
  { scheduler }: Context,
  call: string,
  task: unknown,
): Thread {
  if (!(task instanceof Thread)) {
    const expected = "a Task, as addthread() returns it";
    throw wrongType(call, "the thread", expected, task);
  }
  if (task.scheduler === scheduler) return task;
  throw new TypeError(
    `${call}: thread ${task.name} belongs to another dispatcher; call the ${
      call.replace("()", "")
    } of that one`,
  );
}
