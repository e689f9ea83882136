/**
 * The keys of options: one that a call does not know is refused, because it was
 * meant to have an effect.
 *
 * @module
 */

import { wrongType } from "./arguments.ts";

/**
 * Refuses a value that is not an object, or has a key that is not among `known`.
 *
 * @param call names the call in the message of an error: `"queue.new()"`
 * @param name how the message calls the object, in the plural: `"the options"`
 * @param hint what the message says besides. Default: nothing
 * @throws {TypeError} when it is no object, or has such a key; the message names those that are known
 */
export function checkKeys(
  call: string,
  name: string,
  given: unknown,
  known: readonly string[],
  hint = "",
): void {
  if (typeof given !== "object" || given === null) {
    throw wrongType(call, name, "an object", given);
  }
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new TypeError(
      `${call}: ${name} have no key ${key}; they have ${
        known.join(", ")
      }${hint}`,
    );
  }
}
