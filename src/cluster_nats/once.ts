/**
 * What many calls need and one of them does.
 *
 * @module
 */

import { onAbort } from "./patience.ts";

/** Something that is done once, or again after it has failed. A call that gives up does not end it for the others. */
export class Once {
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #closing: AbortSignal;
  #done?: Promise<void>;

  /** @param closing gives it up for all */
  constructor(
    closing: AbortSignal,
    work: (signal: AbortSignal) => Promise<void>,
  ) {
    this.#closing = closing;
    this.#work = work;
  }

  /** Waits until it is done. */
  done(signal: AbortSignal): Promise<void> {
    return onAbort(this.#done ??= this.#start(), signal);
  }

  async #start(): Promise<void> {
    try {
      await this.#work(this.#closing);
    } catch (error) {
      this.#done = undefined;
      throw error;
    }
  }

  /** It may have to be done again. */
  forget(): void {
    this.#done = undefined;
  }
}
