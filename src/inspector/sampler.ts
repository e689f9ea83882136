/**
 * What the charts show: a sample each second, of the last ten minutes.
 *
 * @module
 */

/** How many samples are kept. */
const MOST_SAMPLES = 600;
/** Milliseconds between two looks at how late this thread is. */
const LOOK = 100;
/** Looks to a sample. */
const LOOKS = 10;

/** What is counted; each number only grows but for `connections` and `threads`. */
export interface Totals {
  readonly connections: number;
  readonly threads: number;
  readonly accepted: number;
  readonly received: number;
  readonly sent: number;
}

/** A second of a dispatcher. */
export interface Sample {
  /** Its end, in seconds since 1970. */
  readonly at: number;
  /** The longest time, in milliseconds, that something due had to wait for the event loop. */
  readonly lag: number;
  readonly connections: number;
  readonly threads: number;
  /** Connections accepted a second. */
  readonly accepted: number;
  /** Bytes received a second. */
  readonly received: number;
  /** Bytes sent a second. */
  readonly sent: number;
}

/** Takes samples until it is stopped; the process does not stay for it. */
export class Sampler {
  /** The samples, the oldest first. */
  readonly samples: Sample[] = [];
  readonly #totals: () => Totals;
  readonly #sampled: (sample: Sample) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #looks = 0;
  #due = performance.now() + LOOK;
  #lag = 0;
  #last: Totals;
  #at = performance.now();

  /**
   * @param totals tells what was counted so far
   * @param sampled is called with each sample
   */
  constructor(totals: () => Totals, sampled: (sample: Sample) => void) {
    this.#totals = totals;
    this.#sampled = sampled;
    this.#last = totals();
    this.#timer = setInterval(() => this.#look(), LOOK);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  #look(): void {
    const now = performance.now();
    this.#lag = Math.max(this.#lag, now - this.#due);
    this.#due = now + LOOK;
    if (++this.#looks % LOOKS === 0) this.#sample(now);
  }

  #sample(now: number): void {
    const totals = this.#totals();
    const seconds = (now - this.#at) / 1000;
    const rate = (name: keyof Totals) =>
      Math.max(0, totals[name] - this.#last[name]) / seconds;
    const sample = {
      at: Math.round(Date.now() / 100) / 10,
      lag: Math.round(this.#lag * 10) / 10,
      connections: totals.connections,
      threads: totals.threads,
      accepted: rate("accepted"),
      received: rate("received"),
      sent: rate("sent"),
    };
    this.#last = totals;
    this.#at = now;
    this.#lag = 0;
    this.samples.push(sample);
    if (this.samples.length > MOST_SAMPLES) this.samples.shift();
    this.#sampled(sample);
  }

  /** Takes no more samples. */
  stop(): void {
    clearInterval(this.#timer);
  }
}
