/**
 * The error of a wait that was given up on purpose.
 *
 * @module
 */

import { CancelledError } from "../errors/errors.ts";

/** The errors that were made here. */
const made = new WeakSet<object>();
let listening = false;

/**
 * Makes a {@linkcode CancelledError} that may stay unhandled.
 *
 * A thread may have left calls behind that it never awaited, its own async
 * functions among them. When it is removed they fail, and Deno would end the
 * process for each: it is told not to, for these errors and no others.
 */
export function cancellation(
  message: string,
  options?: ErrorOptions,
): CancelledError {
  const error = new CancelledError(message, options);
  made.add(error);
  if (!listening) globalThis.addEventListener("unhandledrejection", forgive);
  listening = true;
  return error;
}

/** Whether `error` was made here. */
export function isCancellation(error: unknown): boolean {
  return typeof error === "object" && error !== null && made.has(error);
}

function forgive(event: PromiseRejectionEvent): void {
  if (isCancellation(event.reason)) event.preventDefault();
}
