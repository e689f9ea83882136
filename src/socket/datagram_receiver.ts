/**
 * The receiving half of a datagram socket: who waits, and what is for them.
 *
 * @module
 */

import { checkWaitOptions } from "../errors/wait_options.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { Wait } from "../core/wait.ts";
import type { WaitOptions } from "../errors/wait_options.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { ClosedError } from "../errors/errors.ts";
import { closedError } from "../errors/platform.ts";
import { DatagramSource } from "../readiness/datagram_source.ts";
import type { Ready } from "../readiness/selector.ts";
import { checkSize, copied, countOf, type Size } from "./pattern.ts";

/** A datagram, with the address and the port that it came from. */
export type Datagram = [
  bytes: Uint8Array<ArrayBuffer>,
  ip: string,
  port: number,
];

/** The socket to which the half belongs. */
export interface DatagramOwner {
  /** For error messages and the log. */
  readonly name: string;
  /** Seconds, `Infinity` for no limit. */
  readonly timeouts: { receive: number };
  /** Whether a datagram from there is wanted. */
  hears(ip: string, port: number): boolean;
}

class DatagramWait extends Wait<Datagram> {
  constructor(
    scheduler: Scheduler,
    readonly receiver: DatagramReceiver,
    readonly size: Size,
  ) {
    super(scheduler, "read", receiver.owner);
  }

  protected failure(): string {
    return this.receiver.failed;
  }
}

/** Receives for the threads of one socket, in the order in which they asked. */
export class DatagramReceiver implements Ready {
  readonly owner: DatagramOwner;
  readonly #scheduler: Scheduler;
  readonly #source: DatagramSource<Deno.Addr>;
  readonly #readers: TimedWaitQueue<DatagramWait>;

  constructor(
    scheduler: Scheduler,
    conn: Deno.DatagramConn,
    owner: DatagramOwner,
  ) {
    this.owner = owner;
    this.#scheduler = scheduler;
    this.#source = new DatagramSource(scheduler.selector, conn, this);
    this.#readers = new TimedWaitQueue(scheduler);
  }

  /** How the messages of its errors begin. */
  get failed(): string {
    return `Cannot receive from ${this.owner.name}`;
  }

  /** Waits for a datagram, of which it gives at most `size` bytes. */
  receive(size: Size, options?: WaitOptions): Promise<Datagram> {
    const wait = new DatagramWait(this.#scheduler, this, size);
    const { timeout = this.owner.timeouts.receive, signal } = options ?? {};
    this.#readers.pushFor(wait, timeout < 0 ? Infinity : timeout);
    if (signal !== undefined && wait.pending) wait.endOn(signal);
    if (this.#source.isExhausted) this.#scheduler.selector.ready(this);
    else this.#source.arm();
    return wait.promise;
  }

  /** Serves the readers in their order. A datagram that the owner does not want is dropped. */
  dispatch(): void {
    const source = this.#source;
    for (let reader; (reader = this.#readers.first) !== undefined;) {
      if (source.failure !== undefined) {
        reader.reject(closedError(this.failed, source.failure));
        continue;
      }
      const datagram = source.take();
      if (datagram === undefined) return source.arm();
      const [bytes, address] = datagram;
      const { hostname, port } = address as Deno.NetAddr;
      if (!this.owner.hears(hostname, port)) continue;
      let data: Uint8Array<ArrayBuffer>;
      try {
        const { size } = reader;
        const count = Math.min(countOf(size), bytes.length);
        data = copied(size, bytes, 0, count);
      } catch (error) {
        // The reader's buffer has been transferred: the next one gets the datagram.
        source.putBack(datagram);
        reader.reject(error);
        continue;
      }
      reader.resolve([data, hostname, port]);
    }
  }

  /** Nobody receives any more: whoever waits gets a `ClosedError`. */
  close(): void {
    this.#source.close();
    this.#readers.dispose();
    for (const reader of this.#readers) {
      reader.rejectLater(
        new ClosedError(`${this.failed}: the socket is closed`),
      );
    }
  }
}

/** Refuses what can't be received. */
export function checkReceive(
  call: string,
  size: Size,
  options: WaitOptions | undefined,
): void {
  const expected = "a number of bytes or a Uint8Array for them";
  checkSize(call, "the size", expected, size);
  checkWaitOptions(call, options);
}
