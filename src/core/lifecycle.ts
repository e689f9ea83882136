/**
 * How far the dispatcher is on its way to the exit.
 *
 * @module
 */

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

/** The state of a dispatcher. */
export class Lifecycle {
  #state: LifecycleState = "accepting";
  #skipsWrites = false;
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

  /** Calls `listener` whenever the exit is announced, once for each loop, in the order of these calls. */
  addExitListener(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A loop begins. */
  loopBegins(): void {
    this.#state = "accepting";
    this.#skipsWrites = false;
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

  /** The loop is over. */
  loopEnded(): void {
    this.#state = this.#state === "exiting" ? "exited" : "accepting";
    this.#skipsWrites = false;
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}
