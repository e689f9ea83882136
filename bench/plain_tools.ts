// What one writes with promises where there is no dispatcher: the rivals of
// the threads' tools. No timeouts, no cancelling, no owners, no errors.

/** A lock: each caller that waits has a promise in a list. */
export class PlainLock {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  get(): Promise<void> {
    if (this.#taken) {
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    this.#taken = true;
    return Promise.resolve();
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}

/** A semaphore of the same make. */
export class PlainSemaphore {
  #count: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  take(): Promise<void> {
    if (this.#count === 0) {
      return new Promise((resolve) => this.#waiting.push(resolve));
    }
    this.#count--;
    return Promise.resolve();
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#count++;
    else next();
  }
}

/** A queue without an end. */
export class PlainQueue<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  push(item: T): Promise<void> {
    const next = this.#waiting.shift();
    if (next === undefined) this.#items.push(item);
    else next(item);
    return Promise.resolve();
  }

  pop(): Promise<T> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift()!);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
