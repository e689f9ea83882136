/**
 * The part of a dispatcher that is about threads: starting and removing them,
 * their error handlers and their names.
 *
 * @module
 */

import type { Context } from "./context.ts";
import { shielded } from "../core/shield.ts";
import type { ErrorHandler, Task } from "../core/task.ts";
import { Thread } from "../core/thread.ts";
import {
  checkDelay,
  checkFunction,
  checkString,
  wrongType,
} from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";

/** Seconds that a shielded function may take unless its caller says otherwise. */
const SHIELD_TIMEOUT = 5;

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
export function remove(context: Context, task: Task): void {
  const call = "removethread()";
  const thread = checkThread(context, call, task);
  if (thread === context.scheduler.main) {
    throw new TypeError(
      `${call}: main is the code outside every thread and can't be removed; give a Task that addthread() has returned`,
    );
  }
  thread.cancel();
}

/** Runs `fn` so that the removal of the thread does not reach it, for a bounded time. */
export async function shield<T>(
  { scheduler }: Context,
  fn: () => T | PromiseLike<T>,
  options: { timeout?: number } = {},
): Promise<T> {
  checkFunction("shield()", "fn", fn);
  checkKeys("shield()", "the options", options, ["timeout"]);
  const { timeout = SHIELD_TIMEOUT } = options;
  checkDelay("shield()", "the timeout", timeout);
  return await shielded(scheduler, fn, timeout);
}

/** Sets the error handler of the current thread, or the default one. */
export function setErrorHandler(
  { scheduler, errorLog }: Context,
  fn: ErrorHandler | undefined,
  isDefault: boolean,
): void {
  if (fn !== undefined || isDefault) {
    checkFunction("seterrorhandler()", "fn", fn);
  }
  const task = scheduler.current;
  if (isDefault || task === scheduler.main) {
    scheduler.errorhandler = fn ?? errorLog.print;
  } else task.errorhandler = fn;
}

/** The error handler of a thread, by default the current one: its own, else the default one. */
export function errorHandlerOf(
  context: Context,
  task: Task = context.scheduler.current,
): ErrorHandler {
  const thread = checkThread(context, "geterrorhandler()", task);
  return thread.errorhandler ?? context.scheduler.errorhandler;
}

/** Names a thread, by default the current one. */
export function setName(
  context: Context,
  name: string,
  task: Task = context.scheduler.current,
): void {
  checkString("setthreadname()", "the name", name);
  checkThread(context, "setthreadname()", task).name = name;
}

/** The name of a thread, by default the current one. */
export function nameOf(
  context: Context,
  task: Task = context.scheduler.current,
): string {
  return checkThread(context, "getthreadname()", task).name;
}

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
