/**
 * The last errors of a dispatcher's threads.
 *
 * @module
 */

import { errorType } from "../core/counts.ts";
import type { Task } from "../core/task.ts";

/** How many errors are kept. */
const MOST_ERRORS = 500;
/** How many characters of a message. */
const LONGEST_MESSAGE = 1000;

/** An error that was reported. */
export interface RecentError {
  /** Its place among all that were reported, from 1. */
  readonly id: number;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** The thread that it left. */
  readonly thread: string;
  /** The code of an error of Copas's, else the name of its class. */
  readonly code: string;
  /** What it says. */
  readonly message: string;
}

/** Keeps the last errors. */
export class RecentErrors {
  readonly #errors: RecentError[] = [];
  /** How many there have been. */
  count = 0;

  /** Keeps an error. */
  readonly add = (error: unknown, task: Task): void => {
    this.#errors.push({
      id: ++this.count,
      at: Date.now(),
      thread: cut(task.name),
      code: read(errorType, error),
      message: read(messageOf, error),
    });
    if (this.#errors.length > MOST_ERRORS) this.#errors.shift();
  };

  /** The errors, the newest first. */
  list(): RecentError[] {
    return this.#errors.toReversed();
  }
}

/** Reads what a program has made: to read it may fail, which must not reach the thread's end. */
function read(part: (error: unknown) => unknown, error: unknown): string {
  try {
    return cut(part(error));
  } catch {
    return "can't be read";
  }
}

function messageOf(error: unknown): unknown {
  return error instanceof Error ? error.message : error;
}

function cut(text: unknown): string {
  const whole = String(text);
  return whole.length > LONGEST_MESSAGE
    ? `${whole.slice(0, LONGEST_MESSAGE)}…`
    : whole;
}
