/**
 * Sees to it that Deno asks the system for I/O.
 *
 * @module
 */

/**
 * How many turns of the event loop that takes while there is something to run.
 * Deno's runtime (Tokio) looks for I/O when it has nothing to do, and otherwise
 * only every 61 turns; a read of what had arrived was seen to end after 58 to 61.
 */
const TURNS = 64;

/**
 * Calls `done` when Deno has asked for I/O, in less than 0.1 ms; the shortest
 * timer takes 2 ms. Returns a function that takes the call back.
 */
export function afterPoll(done: () => void): () => void {
  let turns = 0;
  const next = () => {
    if (++turns < TURNS) immediate = setImmediate(next);
    else done();
  };
  let immediate = setImmediate(next);
  return () => clearImmediate(immediate);
}
