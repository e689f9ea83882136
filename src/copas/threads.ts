/**
 * The part of a dispatcher that is about threads: starting and removing them,
 * their error handlers and their names.
 *
 * @module
 */

import type { ErrorHandler, Task } from "../core/task.ts";
import { checkFunction, checkString } from "../errors/arguments.ts";
import type { Context } from "./context.ts";
import { printError } from "./print_error.ts";
import { checkThread } from "./thread_argument.ts";

/** Starts `fn` as a thread. */
export function start<A extends unknown[]>(
  { scheduler }: Context,
  fn: (...args: A) => unknown,
  args: A,
): Task {
  checkFunction("addthread()", "fn", fn);
  return scheduler.spawn(undefined, fn, ...args);
}

/** Starts `fn` as a thread with a name. */
export function startNamed<A extends unknown[]>(
  { scheduler }: Context,
  name: string,
  fn: (...args: A) => unknown,
  args: A,
): Task {
  checkString("addnamedthread()", "the name", name);
  checkFunction("addnamedthread()", "fn", fn);
  return scheduler.spawn(name, fn, ...args);
}

/** Removes a thread. */
export function remove(task: Task): void {
  checkThread("removethread()", task).cancel();
}

/** Sets the error handler of the current thread, or the default one. */
export function setErrorHandler(
  { scheduler }: Context,
  fn: ErrorHandler | undefined,
  isDefault: boolean,
): void {
  if (fn !== undefined || isDefault) {
    checkFunction("seterrorhandler()", "fn", fn);
  }
  const task = scheduler.current;
  if (isDefault || task === scheduler.main) {
    scheduler.errorhandler = fn ?? printError;
  } else task.errorhandler = fn;
}

/** The error handler of a thread, by default the current one: its own, else the default one. */
export function errorHandlerOf(
  { scheduler }: Context,
  task: Task = scheduler.current,
): ErrorHandler {
  const thread = checkThread("geterrorhandler()", task);
  return thread.errorhandler ?? scheduler.errorhandler;
}

/** Names a thread, by default the current one. */
export function setName(
  { scheduler }: Context,
  name: string,
  task: Task = scheduler.current,
): void {
  checkString("setthreadname()", "the name", name);
  checkThread("setthreadname()", task).name = name;
}

/** The name of a thread, by default the current one. */
export function nameOf(
  { scheduler }: Context,
  task: Task = scheduler.current,
): string {
  return checkThread("getthreadname()", task).name;
}
