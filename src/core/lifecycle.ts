/**
 * How far the dispatcher is on its way to the exit, and the threads that wait
 * for it.
 *
 * @module
 */

import { Wait, type WaitHost } from "./wait.ts";
import { WaitQueue } from "./wait_queue.ts";
import type { WaitOptions } from "../errors/wait_options.ts";

/** The states, in their order; a loop begins with the first. */
export type LifecycleState =
  /** Threads run and servers accept. */
  | "accepting"
  /** `loop()` has found nothing left to do: the threads that waited for the exit go on. */
  | "finishing"
  /** `exit()` was called: servers accept no more, and the loop ends when the threads have. */
  | "exiting"
  /** The loop that was asked to exit is over: servers accept no more until the next. */
  | "exited";

/** An end within a bound that is under way, as the driver knows it. */
export interface EndUnderWay {
  /** Seconds that all had, from its beginning on. */
  readonly grace: number;
  /** Nothing is left to do. Returns whether there is more to come all the same. */
  quiet(): boolean;
}

/** What goes on by itself, again and again, until the dispatcher shuts down. */
export interface Recurring {
  /** Ends it, but for what it does just now. */
  endAtShutdown(): void;
}

/** The state of a dispatcher. */
export class Lifecycle {
  /** The end within a bound that is under way, or that the next loop has to begin with. */
  shutdown?: EndUnderWay = undefined;
  /** What ends when the dispatcher shuts down. */
  readonly recurring: Set<Recurring> = new Set();
  /** Called when a loop is over. */
  readonly loopEndListeners: Set<() => void> = new Set();
  #state: LifecycleState = "accepting";
  #skipsWrites = false;
  #skipsThreads = false;
  #exit?: AbortController = undefined;
  readonly #listeners: (() => void)[] = [];

  /** The state. */
  get state(): LifecycleState {
    return this.#state;
  }

  /** Whether servers accept. */
  get isAccepting(): boolean {
    return this.#state === "accepting" || this.#state === "finishing";
  }

  /** Whether the exit has been announced, and the loop is not over. */
  get isExiting(): boolean {
    return this.#state === "finishing" || this.#state === "exiting";
  }

  /** Whether the loop ends without what has been sent and is not written yet: after `cancelall()`. */
  get skipsWrites(): boolean {
    return this.#skipsWrites;
  }

  /** Whether the loop ends although threads are left: their time to clean up is over. */
  get skipsThreads(): boolean {
    return this.#skipsThreads;
  }

  /** Aborts when the exit is announced; each loop has its own. */
  get exitSignal(): AbortSignal {
    this.#exit ??= new AbortController();
    if (!this.isAccepting) this.#abortSignal();
    return this.#exit.signal;
  }

  #abortSignal(): void {
    this.#exit?.abort(
      new DOMException("the dispatcher is asked to exit", "AbortError"),
    );
  }

  /** Calls `listener` whenever the exit is announced, once for each loop, in the order of these calls. */
  addExitListener(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A loop begins. */
  loopBegins(): void {
    if (this.shutdown !== undefined) return;
    this.#reset("accepting");
  }

  #reset(state: LifecycleState): void {
    this.#state = state;
    this.#skipsWrites = this.#skipsThreads = false;
    // Where nothing was announced, those who hold the signal go on listening.
    if (state === "accepting" && this.#exit?.signal.aborted) {
      this.#exit = undefined;
    }
  }

  /** An end within a bound is over, without a loop that ends with it. */
  shutdownEnded(): void {
    this.shutdown = undefined;
    this.#reset("exited");
  }

  /** The loop has found nothing left to do. */
  finish(): void {
    if (this.isExiting) return;
    this.#state = "finishing";
    this.#announce();
  }

  /** The program asks for the exit. */
  exit(): void {
    const wasExiting = this.isExiting;
    this.#state = "exiting";
    if (!wasExiting) this.#announce();
  }

  /** Lets the loop end without what has not been written yet. */
  skipWrites(): void {
    this.#skipsWrites = true;
  }

  /** Lets the loop end without the threads that are left. */
  skipThreads(): void {
    this.#skipsThreads = true;
  }

  /** The loop is over. */
  loopEnded(): void {
    this.shutdown = undefined;
    this.#reset(this.#state === "exiting" ? "exited" : "accepting");
    for (const listener of [...this.loopEndListeners]) listener();
  }

  #announce(): void {
    this.#abortSignal();
    for (const listener of this.#listeners) listener();
  }
}

class ExitWait extends Wait<void> {
  constructor(scheduler: WaitHost) {
    super(scheduler.current, "sleep", undefined, true);
  }

  protected failure(): string {
    return "Cannot wait for the exit";
  }
}

/** The waits of one dispatcher for its exit. */
export class ExitQueue {
  readonly #scheduler: WaitHost;
  readonly #waits: WaitQueue<ExitWait> = new WaitQueue();

  constructor(scheduler: WaitHost) {
    this.#scheduler = scheduler;
  }

  /** Suspends the current thread until `release` is called. */
  wait(options: WaitOptions = {}): Promise<void> {
    const wait = new ExitWait(this.#scheduler);
    this.#waits.push(wait);
    wait.limit(options);
    return wait.promise;
  }

  /** Lets all threads go on. */
  release(): void {
    for (const wait of this.#waits) wait.resolveLater();
  }
}
