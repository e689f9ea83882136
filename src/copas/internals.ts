/**
 * The way from a dispatcher to what stands behind it, for the entry points that
 * show or measure it. `mod.ts` does not export it.
 *
 * @module
 */

import { wrongType } from "../errors/arguments.ts";
import type { Context } from "./context.ts";

const contexts = new WeakMap<object, Context>();

/** Says what stands behind `copas`. Only its constructor does. */
export function setContext(copas: object, context: Context): void {
  contexts.set(copas, context);
}

/**
 * What stands behind `copas`.
 *
 * @throws {TypeError} when it is no dispatcher, or one of another version of this module
 */
export function contextOf(call: string, copas: unknown): Context {
  const context = contexts.get(copas as object);
  if (context !== undefined) return context;
  const expected = "a Copas of this version of the module";
  throw wrongType(call, "the dispatcher", expected, copas);
}
