/**
 * What is given up together with a wait: a socket.
 *
 * @module
 */

/** The key of the method: a symbol, so that it is no name of the public API. */
export const ABANDON: unique symbol = Symbol("Copas abandon");

/** Something that is given up when its wait is. */
export interface Abandonable {
  /** Closes it at once; what was not written is lost. */
  [ABANDON](): void;
}

/** Whether `thing` can be given up. */
export function isAbandonable(thing: unknown): thing is Abandonable {
  return typeof thing === "object" && thing !== null && ABANDON in thing;
}
