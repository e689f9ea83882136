/**
 * Names for the locks, semaphores, queues and timers that their makers give none.
 *
 * @module
 */

import { checkString } from "../errors/arguments.ts";
import { checkKeys } from "../errors/known_keys.ts";

/** Names of one kind: `lock_1`, `lock_2`. Only those that are used are counted. */
export class DefaultNames {
  readonly #prefix: string;
  /** The keys of the maker's options. */
  readonly #keys: readonly string[];
  #count = 0;

  constructor(prefix: string, keys: readonly string[]) {
    this.#prefix = prefix;
    this.#keys = keys;
  }

  /**
   * Makes something with the name that `options` give, or with the next one.
   *
   * @param call names the call in the message of an error: `"lock.new()"`
   * @throws {TypeError} when `options` are not an object or have an unknown key, or the name is not a string
   */
  make<T>(
    call: string,
    options: { name?: string },
    make: (name: string) => T,
  ): T {
    checkKeys(call, "the options", options, this.#keys);
    if (options.name !== undefined) {
      checkString(call, "the name", options.name);
      return make(options.name);
    }
    const made = make(`${this.#prefix}_${this.#count + 1}`);
    this.#count++;
    return made;
  }
}
