/**
 * How long threads may run before the event loop has its turn.
 *
 * @module
 */

/**
 * The slice, in milliseconds. A turn of the event loop with a look at the
 * network takes less than 0.1 ms, and Deno's shortest timer 2 ms.
 */
export const SLICE = 2;

/** The most calls until the clock is asked again: asking it takes as long as some four calls of `await`. */
const MOST_CALLS = 256;

/**
 * Bounds the time in which threads may go on without a turn of the event loop.
 * Every call spends one of a number of calls; when they are used up, the clock
 * of the machine is asked, and as long as the slice is not over more are
 * allotted, by the time that the last ones took. So a call that does not wait
 * costs a subtraction, however little or much the threads compute in between.
 */
export class TimeSlice {
  #calls = 1;
  #allotted = 1;
  /** When the slice began, and when the clock was asked last. */
  #began = -Infinity;
  #asked = -Infinity;
  /** Whether the slice is over, and the event loop has not had its turn. */
  #isOver = false;
  /** Whether the event loop has had a turn since the slice began. */
  #hasTurned = true;

  /** Spends a call. Returns whether there may be another one before the event loop has its turn. */
  spend(): boolean {
    return --this.#calls > 0 || this.#ask();
  }

  /** Spends calls of threads that go on in any case. */
  count(calls: number): void {
    this.#calls -= calls;
  }

  /** How many calls there may be until the clock is asked; 0 or less: it has to be asked now. */
  get calls(): number {
    return this.#calls;
  }

  /** Whether many calls in this slice have taken little time. */
  get isWellKnown(): boolean {
    return this.#allotted === MOST_CALLS;
  }

  /** Whether threads may go on before the event loop has its turn. */
  mayGoOn(): boolean {
    return this.#calls > 0 || this.#ask();
  }

  /** The event loop has had its turn: a slice begins. */
  begin(): void {
    this.#beginAt(performance.now());
  }

  #ask(): boolean {
    if (this.#isOver) return false;
    const now = performance.now();
    const left = SLICE - (now - this.#began);
    if (left <= 0) {
      // A driver that rested has let the event loop go round by itself.
      if (this.#hasTurned) this.#beginAt(now);
      else this.#isOver = true;
      return !this.#isOver;
    }
    const each = (now - this.#asked) / this.#allotted;
    // A quarter of what is left: threads may take longer than they did so far.
    const calls = Math.min(left / 4 / each, 2 * this.#allotted, MOST_CALLS);
    this.#asked = now;
    this.#allot(Math.max(1, Math.floor(calls)));
    return true;
  }

  #allot(calls: number): void {
    this.#calls = this.#allotted = calls;
  }

  #beginAt(now: number): void {
    this.#began = this.#asked = now;
    this.#isOver = false;
    this.#allot(1);
    if (!this.#hasTurned) return;
    this.#hasTurned = false;
    setImmediate(this.#turned);
  }

  #turned = () => {
    this.#hasTurned = true;
  };
}
