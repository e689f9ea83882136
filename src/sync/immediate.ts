/**
 * The promises of calls that give the same without a wait, again and again.
 *
 * @module
 */

/** What a call returns that gives `true` without a wait. One for all calls: the common case makes no promise. */
export const resolvedTrue: Promise<true> = Promise.resolve(true);

/** What a call returns that has waited for 0 seconds. One for all calls, too. */
export const resolvedZero: Promise<number> = Promise.resolve(0);
