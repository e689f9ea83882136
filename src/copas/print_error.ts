/**
 * The default error handler.
 *
 * @module
 */

import type { Task } from "../core/task.ts";
import { traceback } from "../core/traceback.ts";

/** Prints an error that left a thread, with its traceback. */
export function printError(error: unknown, task: Task, socket: unknown): void {
  console.error(traceback(error, task, socket));
}
