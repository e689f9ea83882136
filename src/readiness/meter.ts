/**
 * What counts the memory of a connection.
 *
 * @module
 */

/** A read that waits for room. */
export interface WaitingRead {
  /** There is room for `bytes` more: it can begin. */
  granted(bytes: number): void;
}

/** Counts the memory of one connection. */
export interface Meter {
  /** What the connection shares with others. */
  readonly budget: {
    /** Whether there is room for so many more bytes. */
    hasRoom(bytes: number): boolean;
    /** Lets `read` begin when there is room for `bytes` more. */
    wait(read: WaitingRead, bytes: number): void;
    /** `read` is not wanted any more. */
    leave(read: WaitingRead): void;
  };
  /** The connection holds so many bytes more, or less. */
  change(bytes: number): void;
}
