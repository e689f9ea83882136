/**
 * The place of a wait among others.
 *
 * @module
 */

/** What a wait needs of the queue in which it stands. `W` is any wait. */
export interface WaitPlace<W> {
  /** The wait that is served next. */
  readonly first?: W;
  /** Takes `wait` out. */
  delete(wait: W): void;
  /** Gives the waits that were limited in this turn their deadlines at its end; returns `false` when the queue leaves that to them. */
  startTimeAtEnd(): boolean;
}
