/**
 * A stream socket as a sequence of lines.
 *
 * @module
 */

import { checkReceiveOptions, type ReceiveOptions } from "./receive_options.ts";

/** A socket that is read line by line. */
export interface LineSocket {
  receive(pattern: "*l", options?: ReceiveOptions): Promise<string | null>;
}

/**
 * The lines of a socket. Leaving the loop over them does not close the socket.
 *
 * @param options hold for each line
 * @throws {TypeError} when they are of the wrong type
 * @throws {RangeError} when one is out of range
 */
export function linesOf(
  socket: LineSocket,
  options?: ReceiveOptions,
): AsyncIterableIterator<string> {
  checkReceiveOptions("lines()", options);
  const iterator: AsyncIterableIterator<string> = {
    next: () => socket.receive("*l", options).then(iteratorResult),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

function iteratorResult(line: string | null): IteratorResult<string> {
  return line === null
    ? { done: true, value: undefined }
    : { done: false, value: line };
}
