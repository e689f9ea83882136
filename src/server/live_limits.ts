/**
 * The limits of a server that runs, which can be changed.
 *
 * @module
 */

/**
 * Makes an object with the limits of a server: what it is set to holds from
 * then on.
 *
 * @param read gives the limits as they are
 * @param write checks a change and takes it
 */
export function liveLimits<L extends object>(
  keys: readonly string[],
  read: () => L,
  write: (change: Partial<L>) => void,
): L {
  const limits = {} as L;
  for (const key of keys) {
    Object.defineProperty(limits, key, {
      enumerable: true,
      get: () => read()[key as keyof L],
      set: (value) => write({ [key]: value } as Partial<L>),
    });
  }
  // A limit whose name is misspelt must fail, not be ignored.
  return Object.preventExtensions(limits);
}
