/**
 * Methods that may be taken off their object.
 *
 * @module
 */

type Method = (...args: unknown[]) => unknown;

/**
 * Gives `object` a bound copy of each method of its classes, up to `top`:
 * `const { pause } = copas` works as it does in Lua, where the functions of
 * Copas need no `self`.
 */
export function bindMethods(object: object, top: object): void {
  for (let from = object; from !== top;) {
    from = Object.getPrototypeOf(from);
    for (const name of Object.getOwnPropertyNames(from)) {
      const { value } = Object.getOwnPropertyDescriptor(from, name)!;
      if (typeof value !== "function" || name === "constructor") continue;
      // A method of a subclass stands in front of the one that it overrides.
      if (Object.hasOwn(object, name)) continue;
      Object.defineProperty(object, name, {
        value: (value as Method).bind(object),
        configurable: true,
        writable: true,
      });
    }
  }
}
