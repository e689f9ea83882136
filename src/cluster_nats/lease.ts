/**
 * A lease: what this program has for some seconds, and renews.
 *
 * @module
 */

/** How often it is renewed while it lasts. */
const RENEWALS = 3;
/** Longer than any delay that a timer takes. */
const LONGEST = 2 ** 31 - 1;

/**
 * It counts from when a renewal was sent, and the engine counts from when it
 * came: so the lease ends here before it ends there. The clock is the one that
 * goes on while the process is stopped.
 */
export class LeaseClock {
  readonly #seconds: number;
  readonly #renew: () => Promise<boolean>;
  readonly #controller = new AbortController();
  #until: number;
  #renewal?: ReturnType<typeof setTimeout>;
  #end?: ReturnType<typeof setTimeout>;
  #isOver = false;

  /**
   * @param since when the request was sent by which it was got, by `performance.now()`
   * @param renew asks for as many seconds again; resolves to whether it was
   * given, and rejects when there was no answer
   */
  constructor(seconds: number, since: number, renew: () => Promise<boolean>) {
    this.#seconds = seconds;
    this.#renew = renew;
    this.#until = since + seconds * 1000;
    this.#schedule();
  }

  /** Aborts when it is lost. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether it was lost, or its time is over and the timer has not come yet. */
  get isLost(): boolean {
    if (!this.#isOver && performance.now() >= this.#until) this.lose();
    return this.signal.aborted;
  }

  #schedule(): void {
    const rest = this.#until - performance.now();
    if (rest <= 0) return this.lose();
    clearTimeout(this.#renewal);
    clearTimeout(this.#end);
    const next = Math.min(this.#seconds * 1000 / RENEWALS, rest);
    this.#renewal = timer(() => this.#tryRenewal(), next);
    this.#end = timer(() => this.#schedule(), rest);
  }

  async #tryRenewal(): Promise<void> {
    // The process may have been stopped: then it is too late, whatever the engine says.
    if (this.isLost || this.#isOver) return;
    const sent = performance.now();
    try {
      const isGiven = await this.#renew();
      if (this.#isOver) return;
      if (!isGiven) return this.lose();
      this.#until = sent + this.#seconds * 1000;
      this.#schedule();
    } catch {
      if (this.#isOver) return;
      // No answer: perhaps the next one comes in time.
      const next = this.#seconds * 1000 / RENEWALS / 4;
      this.#renewal = timer(() => this.#tryRenewal(), next);
    }
  }

  /** It is lost: the code that works under it is told. */
  lose(): void {
    if (this.#isOver) return;
    this.stop();
    this.#controller.abort(new Error("the lease was lost"));
  }

  /** It is given back. */
  release(): void {
    this.stop();
    this.#controller.abort(new Error("the lease was given back"));
  }

  /** It is not renewed any more. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#renewal);
    clearTimeout(this.#end);
  }
}

function timer(
  fn: () => void,
  milliseconds: number,
): ReturnType<typeof setTimeout> {
  const id = setTimeout(fn, Math.min(milliseconds, LONGEST));
  Deno.unrefTimer(id);
  return id;
}
