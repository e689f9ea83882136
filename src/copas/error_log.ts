/**
 * The default error handler: it prints errors, and does not let peers fill the
 * log.
 *
 * @module
 */

import { DeadlineEntry } from "../collections/deadline_heap.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { ErrorHandler, Task } from "../core/task.ts";
import { traceback } from "../core/traceback.ts";
import { isBreakOf } from "../errors/connection_end.ts";
import { CopasError, TimeoutError } from "../errors/errors.ts";

/** How many errors of one kind that peers have caused are printed in a row. */
const BURST = 10;
/** For how many seconds those that follow are counted before a line tells of them. */
const INTERVAL = 10;

/** Prints the errors of one dispatcher. */
export class ErrorLog {
  /** The kinds of which there was an error in the last interval. */
  readonly #kinds = new Map<string, KindOfError>();
  #scheduler?: Scheduler;

  /** The error handler. */
  readonly print: ErrorHandler = (error, task, socket) => {
    const kind = kindOfPeerError(error, socket);
    if (kind === undefined) return tell(traceback(error, task, socket));
    const line = firstLine(error, task, socket);
    if (this.#scheduler === undefined) return tell(line);
    let known = this.#kinds.get(kind);
    if (known === undefined) {
      known = new KindOfError(this.#scheduler, kind, () => {
        this.#kinds.delete(kind);
      });
      this.#kinds.set(kind, known);
    }
    known.print(line);
  };

  /** Says which dispatcher it prints for. At its exit, the errors that were counted are told. */
  serve(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    scheduler.lifecycle.addExitListener(() => {
      for (const kind of this.#kinds.values()) kind.tellCount();
    });
  }
}

/** The errors of one kind: the first ones are printed, the others counted. */
class KindOfError extends DeadlineEntry {
  readonly #scheduler: Scheduler;
  readonly #kind: string;
  readonly #forget: () => void;
  #printed = 0;
  #counted = 0;
  #last = "";
  /** When the interval ends in which the errors are printed or counted together. */
  #end = 0;

  constructor(scheduler: Scheduler, kind: string, forget: () => void) {
    super();
    this.#scheduler = scheduler;
    this.#kind = kind;
    this.#forget = forget;
  }

  print(line: string): void {
    const now = this.#scheduler.clock.now();
    // Without a line that is due, an interval ends when the next error comes.
    if (this.#counted === 0 && now >= this.#end) this.#begin(now);
    if (this.#printed < BURST) {
      this.#printed++;
      return tell(line);
    }
    this.#last = line;
    if (this.#counted++ === 0) this.#scheduler.setDeadline(this, this.#end);
  }

  #begin(now: number): void {
    this.#printed = 0;
    this.#end = now + INTERVAL;
  }

  /** The interval ends: as long as there are errors in each, one line tells of them all. */
  due(now: number): void {
    if (this.#counted === 0) return this.#forget();
    this.tellCount();
    this.#end = now + INTERVAL;
    this.#scheduler.setDeadline(this, this.#end);
  }

  /** Tells how many errors were not printed, if there were any. */
  tellCount(): void {
    if (this.#counted === 0) return;
    tell(
      `${this.#counted} more errors (${this.#kind}), the last: ${this.#last}`,
    );
    this.#counted = 0;
  }
}

/** The kind of an error that the peer of a connection has caused, nothing when the program has. */
function kindOfPeerError(error: unknown, socket: unknown): string | undefined {
  if (!(error instanceof CopasError)) return undefined;
  if (isBreakOf(socket, error)) return "broken connection";
  if (error instanceof TimeoutError) {
    // Those of locks and queues say nothing of bytes.
    const { partial, sent } = error;
    return partial === undefined && sent === undefined ? undefined : error.code;
  }
  return PEER_CODES.has(error.code) ? error.code : undefined;
}

const PEER_CODES: ReadonlySet<string> = new Set([
  "handshake",
  "too long",
  "encoding",
]);

/** An error on one line, with the names of thread and socket. */
function firstLine(error: unknown, task: Task, socket: unknown): string {
  const told = traceback(error, task, socket);
  const stack = told.indexOf("\n    at ");
  const head = stack < 0 ? told : told.slice(0, stack);
  return head.replaceAll(/\s*\n\s*/g, " ");
}

function tell(text: string): void {
  console.error(text);
}
