/**
 * Tokens that the program has lost: it can't release what they hold any more.
 *
 * @module
 */

import type { Held } from "./held.ts";

const tokens = new FinalizationRegistry<() => void>((lost) => lost());

/** Calls `lost` when the program has lost `token`. It must not refer to the token: that would keep it. */
export function watchToken(token: Held, lost: () => void): void {
  tokens.register(token, lost);
}
