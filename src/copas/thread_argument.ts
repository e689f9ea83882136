/**
 * The check of an argument that has to be a thread.
 *
 * @module
 */

import { Thread } from "../core/thread.ts";
import { wrongType } from "../errors/arguments.ts";

/** The thread that the caller of `call` gave as `task`. */
export function checkThread(call: string, task: unknown): Thread {
  if (task instanceof Thread) return task;
  const expected = "a Task, as addthread() returns it";
  throw wrongType(call, "the thread", expected, task);
}
