/**
 * A stream socket as a sequence of lines.
 *
 * @module
 */

/** A socket that is read line by line. */
export interface LineSocket {
  receive(pattern: "*l"): Promise<string | null>;
}

/** The lines of a socket. To leave the loop over them does not close the socket. */
export function linesOf(socket: LineSocket): AsyncIterableIterator<string> {
  const iterator: AsyncIterableIterator<string> = {
    next: () => socket.receive("*l").then(iteratorResult),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

function iteratorResult(line: string | null): IteratorResult<string> {
  return line === null
    ? { done: true, value: undefined }
    : { done: false, value: line };
}
