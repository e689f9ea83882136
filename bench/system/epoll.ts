/**
 * epoll: asks the system which sockets can go on.
 *
 * @module
 */

import { libc, systemError } from "./libc.ts";

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_MOD = 3;

/** Something can be read, or the stream is over. */
export const READABLE = 1;
/** There is room to write, or connecting has ended. */
export const WRITABLE = 4;
/** The connection has failed, or could not be made; told without being asked for. */
export const FAILED = 8 | 16;

// The system's struct is packed on x86_64 and only there: a 32-bit mask, then 64 bits of ours.
const [SIZE, DATA] = Deno.build.arch === "x86_64" ? [3, 1] : [4, 2];
const MOST = 1024;

/** A set of sockets, each with a number of the caller's. */
export class Epoll {
  readonly #fd: number;
  readonly #event = new Int32Array(SIZE);
  readonly #events = new Int32Array(SIZE * MOST);
  readonly #eventBytes = new Uint8Array(this.#event.buffer);
  readonly #eventsBytes = new Uint8Array(this.#events.buffer);

  constructor() {
    this.#fd = libc.epoll_create1(0);
    if (this.#fd < 0) throw systemError("Cannot make an epoll set");
  }

  /** Adds a socket. Closing it takes it out again. */
  add(fd: number, mask: number, number: number): void {
    this.#control(EPOLL_CTL_ADD, fd, mask, number);
  }

  /** Changes what is asked about a socket. */
  change(fd: number, mask: number, number: number): void {
    this.#control(EPOLL_CTL_MOD, fd, mask, number);
  }

  #control(operation: number, fd: number, mask: number, number: number): void {
    this.#event[0] = mask;
    this.#event[DATA] = number;
    if (libc.epoll_ctl(this.#fd, operation, fd, this.#eventBytes) !== 0) {
      throw systemError("Cannot ask about a socket");
    }
  }

  /** Waits for events, at most `milliseconds`; gives how many there are. An interrupted wait gives 0. */
  wait(milliseconds: number): number {
    return Math.max(
      0,
      libc.epoll_wait(this.#fd, this.#eventsBytes, MOST, milliseconds),
    );
  }

  /** The number of the socket of event `index`. */
  number(index: number): number {
    return this.#events[index * SIZE + DATA];
  }

  /** What can be done with the socket of event `index`. */
  mask(index: number): number {
    return this.#events[index * SIZE];
  }

  /** Closes the set, not its sockets. */
  close(): void {
    libc.close(this.#fd);
  }
}
