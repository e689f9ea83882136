/**
 * The signals of races: which of several calls takes something is settled when
 * the first one takes it, before the others can take something, too.
 *
 * @module
 */

/** What ends the race of a signal. */
const races = new WeakMap<AbortSignal, AbortController>();

/** Ends a wait that lost its race; the `cause` of the wait's error. */
export class LostRace extends Error {
  override readonly name = "LostRace";
}

/** Makes the signal of a race. It aborts when the race is settled. */
export function createRace(): AbortController {
  const race = new AbortController();
  races.set(race.signal, race);
  return race;
}

/**
 * A call with `signal` has its result, or is about to take it. If the signal is
 * that of a race, the other calls in it end now, and those that have not begun
 * never will. Any other signal stays as it is.
 */
export function settleRace(signal: AbortSignal): void {
  const race = races.get(signal);
  if (race === undefined || signal.aborted) return;
  race.abort(new LostRace("Another call of the race was first"));
}
