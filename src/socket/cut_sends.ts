/**
 * What is missing in a stream, because sends were cut: by their timeout, their
 * signal, or the removal of their thread. A stream with a gap in it must not end
 * like a complete one.
 *
 * @module
 */

/** The part of a send that says how far it got. */
interface Cut {
  /** How many bytes are in the stream. */
  readonly sent: number;
  /** How many are not. */
  readonly left: number;
  /** Whether its bytes may have been the rest of those of an earlier one. */
  readonly followsCut: boolean;
}

/** Counts what is missing, and what the caller has sent of it since. */
export class CutSends {
  /** How far the send got that was cut last. */
  sent = 0;
  left = 0;
  /** What its caller got, where that says how far the send got. */
  cause: unknown = undefined;
  /** How many bytes are still missing. */
  missing = 0;
  /** Whether a send was cut within its bytes: what follows has to be the rest of them. */
  #isWithin = false;
  /** Whether one was cut so that its caller can't know where to go on. */
  #isFinal = false;

  /**
   * A send was cut.
   *
   * @param cause what its caller gets, where that says how far the send got
   */
  add({ sent, left, followsCut }: Cut, cause: unknown): this {
    this.sent = sent;
    this.left = left;
    this.cause = cause;
    this.missing = followsCut
      ? Math.max(this.missing, left)
      : this.missing + left;
    if (sent > 0) {
      this.#isWithin = true;
      if (cause === undefined) this.#isFinal = true;
    }
    return this;
  }

  /** A send that began later has brought `count` bytes. Returns whether the stream is whole again. */
  isFilledBy(count: number): boolean {
    if (count === 0 || this.#isFinal) return false;
    // Of a message that was left out as a whole nothing is in the stream.
    if (!this.#isWithin) return true;
    this.missing -= count;
    return this.missing <= 0;
  }
}
