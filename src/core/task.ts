/**
 * A thread as its user sees it.
 *
 * @module
 */

/**
 * What happens to an error that leaves a thread.
 *
 * @param error what was thrown
 * @param task the thread
 * @param socket the socket that the thread serves or last waited for, if any
 */
export type ErrorHandler = (
  error: unknown,
  task: Task,
  socket: unknown,
) => unknown;

/**
 * A thread, as `copas.addthread` returns it: a handle for `copas.removethread`,
 * `copas.wakeup`, `copas.setthreadname` and so on.
 */
export interface Task {
  /** The thread's name, for errors, `status()` and the log. */
  name: string;
  /** Whether the thread runs, waits, or is over, as Lua's `coroutine.status` says it. */
  readonly status: "running" | "suspended" | "dead";
  /** The thread's name. */
  toString(): string;
}
