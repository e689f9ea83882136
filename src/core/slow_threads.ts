/**
 * Finds out which thread keeps the event loop, for `copas.debug.slow`.
 *
 * @module
 */

import type { Clock } from "./clock.ts";
import type { TurnListener } from "./round_watch.ts";
import type { ThreadEvent } from "./observed.ts";
import type { Task } from "./task.ts";
import { nameOf } from "./traceback.ts";
import type { AnyWait } from "./wait.ts";
import { describeWait } from "./wait_purpose.ts";

/** A thread that kept the event loop for long. */
export interface SlowThread {
  /** The thread. */
  readonly thread: Task;
  /** The thread's name. */
  readonly name: string;
  /** The socket that the thread serves, or that it waited for last; `undefined` when there is none. */
  readonly socket: unknown;
  /** For how many seconds nothing else of the program could run. */
  readonly seconds: number;
  /** What the thread had waited for before: `"receive on echo:client_1"`, `"sleep"`, or a lock, a queue and so on as its `toString()` describes it. `undefined`: it had just begun. */
  readonly waitedfor: string | undefined;
  /** The program's own lines of the stack of that wait, the innermost first. */
  readonly stack: readonly string[];
}

/** For how many microtasks a resumed thread is followed: so many async functions may lie between its wait and its work. */
const FOLLOWED = 6;
/** How deep a stack is kept: the innermost lines are this library's. */
const STACK = 24;
/** How often it is looked where the loop is, while no thread runs, in seconds. */
export const BEAT = 0.01;

/** Where a thread waited. */
interface Place {
  readonly wait: AnyWait;
  readonly trace: Error;
}

/** How long a thread has run in this turn, and where it had waited before. */
interface Hold {
  seconds: number;
  readonly place?: Place;
}

/**
 * Adds up how long each thread runs in a turn of the event loop. The platform
 * does not tell when a thread goes on. But a microtask that is queued together
 * with the one in which it goes on runs before that, and the next thread's
 * after it: so the time between two of them is one thread's.
 */
export class SlowThreads implements TurnListener {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #report: (slow: SlowThread) => void;
  readonly #places = new WeakMap<Task, Place>();
  /** The threads that were resumed and have not waited since. */
  readonly #followed = new Set<Task>();
  readonly #holds = new Map<Task, Hold>();
  /** What runs since `#since`, where it is known. */
  #running?: Task = undefined;
  #since: number;
  #isInTurn = false;

  constructor(
    clock: Clock,
    limit: number,
    report: (slow: SlowThread) => void,
  ) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#limit = limit;
    this.#report = report;
  }

  turnBegins(now: number): void {
    this.#since = now;
    this.#running = undefined;
    this.#isInTurn = true;
  }

  turnEnds(): void {
    this.#isInTurn = false;
    this.#add(this.#running);
    this.#running = undefined;
    for (const [thread, hold] of this.#holds) this.#tell(thread, hold);
    this.#holds.clear();
  }

  /** The event loop goes round. */
  beat(): void {
    if (!this.#isInTurn) this.#since = this.#clock.now();
  }

  /** A thread goes on, waits, or has ended. */
  hear(
    event: ThreadEvent,
    thread: Task,
    wait?: AnyWait,
  ): void {
    if (event === "resuming") return this.#follow(thread);
    const isKnown = this.#running === thread || this.#isInTurn;
    this.#add(thread, isKnown ? 0 : BEAT);
    this.#running = undefined;
    this.#followed.delete(thread);
    if (wait === undefined) this.#places.delete(thread);
    else this.#places.set(thread, { wait, trace: traceHere() });
  }

  #follow(thread: Task): void {
    this.#followed.add(thread);
    let left = FOLLOWED;
    const mark = () => {
      this.#add(this.#running);
      const goesOn = left-- > 0 && this.#followed.has(thread);
      this.#running = goesOn ? thread : undefined;
      if (goesOn) queueMicrotask(mark);
      else this.#followed.delete(thread);
    };
    queueMicrotask(mark);
  }

  /** Adds the time since the last look to that of `thread`, less what is not known to be its own. */
  #add(thread: Task | undefined, unknown = 0): void {
    const now = this.#clock.now();
    const seconds = now - this.#since - unknown;
    this.#since = now;
    if (thread === undefined || seconds <= 0) return;
    const place = this.#places.get(thread);
    if (!this.#isInTurn) return this.#tell(thread, { seconds, place });
    const hold = this.#holds.get(thread);
    if (hold === undefined) this.#holds.set(thread, { seconds, place });
    else hold.seconds += seconds;
  }

  #tell(thread: Task, { seconds, place }: Hold): void {
    if (seconds <= this.#limit) return;
    this.#report({
      thread,
      name: thread.name,
      socket: (thread as { socket?: unknown }).socket,
      seconds,
      waitedfor: place && describeWait(place.wait),
      stack: place === undefined ? [] : linesOf(place.trace),
    });
  }
}

/** The text that is printed where the program does not say what to do. */
export function describeSlow(slow: SlowThread): string {
  const { name, socket, seconds, waitedfor, stack } = slow;
  const names = `(thread: ${name}, socket: ${nameOf(socket) ?? "none"})`;
  const before = waitedfor === undefined
    ? "it had just begun"
    : `it had waited: ${waitedfor}`;
  const text = `A thread kept the event loop for ${
    seconds.toFixed(3)
  } s ${names}; ${before}`;
  return [text, ...stack].join("\n");
}

/** The stack of the caller. It becomes a text only when it is asked for. */
function traceHere(): Error {
  const usual = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK;
  const trace = new Error();
  Error.stackTraceLimit = usual;
  return trace;
}

/** The library's own files. */
const OWN = new URL("../", import.meta.url).href;

function linesOf({ stack = "" }: Error): string[] {
  return stack.split("\n").filter((line) =>
    line.startsWith("    at ") && !line.includes(OWN)
  );
}
