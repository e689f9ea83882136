/**
 * What to receive, and where to.
 *
 * @module
 */

import { checkInteger, wrongType } from "../errors/arguments.ts";
import type { ReadSource } from "../readiness/read_source.ts";

/**
 * How many bytes to receive; or a buffer for them, which takes as many as it is
 * long. What is received is the part of the buffer that was filled then.
 *
 * A number brings an array of its own each time. Where much is received, a
 * buffer that is used again and again needs less processor time; its
 * memory is in use also while no bytes arrive.
 */
export type Size = number | Uint8Array<ArrayBuffer>;

/**
 * What to receive: `"*l"` is a line without its end, `"*a"` all up to the end
 * of the stream, a {@linkcode Size} that many bytes. The names are LuaSocket's.
 */
export type Pattern = "*l" | "*a" | Size;

/** What a receive gives: text for a pattern, bytes for a size, `null` at the end of the stream. */
export type Received = string | Uint8Array<ArrayBuffer> | null;

/** Stands for what was asked for and has not come completely yet. */
export const INCOMPLETE: unique symbol = Symbol("incomplete");

/** How many bytes a size asks for. */
export function countOf(size: Size): number {
  return typeof size === "number" ? size : size.length;
}

/** The bytes from `start` to `end` as `size` wants them: in an array of their own, or in its buffer. */
export function copied(
  size: Size,
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  if (typeof size === "number") {
    return bytes.slice(start, end) as Uint8Array<ArrayBuffer>;
  }
  size.set(bytes.subarray(start, end));
  return size.subarray(0, end - start);
}

/** Refuses a value that is no size. `what` names the argument, `expected` says what would be right. */
export function checkSize(
  call: string,
  what: string,
  expected: string,
  size: unknown,
): void {
  if (size instanceof Uint8Array) return;
  if (typeof size !== "number") throw wrongType(call, what, expected, size);
  checkInteger(call, what, size, 0);
}

/** Refuses a value that is no pattern. */
export function checkPattern(call: string, pattern: unknown): void {
  if (pattern === "*l" || pattern === "*a") return;
  const expected = '"*l", "*a", a number of bytes or a Uint8Array for them';
  checkSize(call, "the pattern", expected, pattern);
}

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
