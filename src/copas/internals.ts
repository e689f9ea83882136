/**
 * The way from a dispatcher to its context, for the entry points that show it.
 * `mod.ts` does not export it.
 *
 * @module
 */

import { behindOf } from "../core/faces.ts";
import { wrongType } from "../errors/arguments.ts";
import type { Context } from "./context.ts";

/**
 * The context of `copas`.
 *
 * @throws {TypeError} when it is no dispatcher, or one of another version of this module
 */
export function contextOf(call: string, copas: unknown): Context {
  const context = behindOf(copas as object);
  // Dispatchers, and only they, have their context behind them.
  if (context !== undefined) return context as Context;
  const expected = "a Copas of this version of the module";
  throw wrongType(call, "the dispatcher", expected, copas);
}
