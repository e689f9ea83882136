/**
 * What is received besides LuaSocket's patterns: each kind says what it takes
 * out of the bytes that have come.
 *
 * @module
 */

import type { ReadSource } from "../readiness/read_source.ts";
import type { INCOMPLETE, Pattern } from "./pattern.ts";

/** A pattern of LuaSocket's, or another request. */
export type Wanted =
  | Pattern
  | ReceiveRequest<string | Uint8Array<ArrayBuffer>>;

/** One thing to receive. The object belongs to one call. */
export abstract class ReceiveRequest<T extends string | Uint8Array> {
  /** What it is, in the message of an error: "a frame". */
  abstract readonly wanted: string;

  /**
   * Takes it, if it has come completely; otherwise takes nothing, so that a
   * timeout loses nothing.
   *
   * @param messagePrefix says what failed, on which socket
   * @throws {TooLongError} when it is longer than its limit; its bytes stay
   */
  abstract take(
    source: ReadSource,
    messagePrefix: () => string,
  ): T | typeof INCOMPLETE;
}
