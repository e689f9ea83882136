/**
 * The receiving half of a datagram socket: the threads that wait for datagrams,
 * and the order in which they get them.
 *
 * @module
 */

import type { Scheduler } from "../core/scheduler.ts";
import { Wait } from "../core/wait.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { endOf } from "../errors/connection_end.ts";
import { ClosedError } from "../errors/errors.ts";
import { readWaitOptions, type WaitOptions } from "../errors/wait_options.ts";
import type { Hearing } from "../net/access.ts";
import { DatagramSource } from "../readiness/datagram_source.ts";
import type { Ready } from "../readiness/selector.ts";
import { copied, countOf, type Size } from "./pattern.ts";
import { socketFailure } from "./socket_failure.ts";
import { cannotReceive, type SocketIdentity } from "./socket_identity.ts";

/** A datagram, with the address and the port that it came from. */
export type Datagram = [
  bytes: Uint8Array<ArrayBuffer>,
  ip: string,
  port: number,
];

/** How many of the addresses that have sent last are remembered: more handlers than that hardly answer at once. */
const MAX_HEARD = 64;

/** Says which datagrams a socket receives. */
export interface SenderFilter {
  /** Whether the socket receives what comes from this address. */
  admits(ip: string, port: number): boolean;
}

class DatagramWait extends Wait<Datagram> {
  readonly #socket: SocketIdentity;

  constructor(
    scheduler: Scheduler,
    socket: SocketIdentity,
    readonly size: Size,
  ) {
    super(scheduler.current, "read", socket);
    this.#socket = socket;
  }

  protected failure(): string {
    return cannotReceive(this.#socket);
  }
}

/** Receives for the threads of one socket, in the order in which they asked. */
export class DatagramReceiver implements Ready, Hearing {
  readonly #scheduler: Scheduler;
  readonly #socket: SocketIdentity;
  readonly #filter: SenderFilter;
  readonly #source: DatagramSource<Deno.Addr>;
  readonly #waits: TimedWaitQueue<DatagramWait>;
  /** Where the last datagrams came from, each in the place after the one before it. */
  readonly #heardHosts: string[] = [];
  readonly #heardPorts: number[] = [];
  #heard = 0;

  constructor(
    scheduler: Scheduler,
    socket: SocketIdentity,
    conn: Deno.DatagramConn,
    filter: SenderFilter,
    receivebuffer?: number,
  ) {
    this.#scheduler = scheduler;
    this.#socket = socket;
    this.#filter = filter;
    this.#source = new DatagramSource(
      scheduler.selector,
      conn,
      this,
      receivebuffer,
    );
    this.#waits = new TimedWaitQueue(scheduler);
  }

  /** Waits for a datagram, of which it gives at most `size` bytes. The arguments have been checked. */
  receive(call: string, size: Size, options?: WaitOptions): Promise<Datagram> {
    // What is there already takes no part in the queue.
    if (
      options === undefined && this.#waits.first === undefined &&
      this.#source.waiting > 0 && this.#scheduler.mayProceed()
    ) {
      try {
        const datagram = this.#take(size);
        if (datagram !== undefined) return Promise.resolve(datagram);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const wait = new DatagramWait(this.#scheduler, this.#socket, size);
    const { receive } = this.#socket.timeouts;
    const { timeout, signal } = readWaitOptions(call, options, receive);
    this.#waits.pushFor(wait, timeout);
    if (signal !== undefined && wait.pending) wait.endOn(signal);
    const { waiting, failure } = this.#source;
    if (waiting > 0 || failure !== undefined) {
      this.#scheduler.selector.ready(this);
    } else {
      this.#source.arm();
    }
    return wait.promise;
  }

  /**
   * Takes the first datagram that the filter admits; those before it are dropped.
   *
   * @throws {TypeError} when the caller's buffer can't be filled; the datagram stays
   */
  #take(size: Size): Datagram | undefined {
    const source = this.#source;
    for (let datagram; (datagram = source.take()) !== undefined;) {
      const [bytes, address] = datagram;
      const { hostname, port } = address as Deno.NetAddr;
      if (!this.#filter.admits(hostname, port)) continue;
      const count = Math.min(countOf(size), bytes.length);
      try {
        const data = typeof size === "number"
          ? bytes.subarray(0, count)
          : copied(size, bytes, 0, count);
        this.#scheduler.counts.messagesReceived++;
        // There is room again.
        source.arm();
        this.#heardHosts[this.#heard] = hostname;
        this.#heardPorts[this.#heard] = port;
        this.#heard = (this.#heard + 1) % MAX_HEARD;
        return [data, hostname, port];
      } catch (error) {
        // The caller's buffer has been transferred: the next wait gets the datagram.
        source.putBack(datagram);
        throw error;
      }
    }
    return undefined;
  }

  /** Counts of datagrams: those that have come, and those that wait to be received. */
  get counts(): { received: number; waiting: number } {
    const { received, waiting } = this.#source;
    return { received, waiting };
  }

  /** Datagrams have come: gives them to the waits in their order. */
  dispatch(): void {
    const source = this.#source;
    for (let wait; (wait = this.#waits.first) !== undefined;) {
      try {
        const datagram = this.#take(wait.size);
        if (datagram !== undefined) wait.resolve(datagram);
        else if (source.failure === undefined) return source.arm();
        else {
          throw socketFailure(this.#socket, cannotReceive, source.failure);
        }
      } catch (error) {
        wait.reject(error);
      }
    }
  }

  /** Whether one of the last datagrams came from this address. */
  hasHeard(host: string, port: number): boolean {
    // An answer mostly goes to where the last datagram came from.
    const last = (this.#heard + MAX_HEARD - 1) % MAX_HEARD;
    if (
      this.#heardPorts[last] === port && this.#heardHosts[last] === host
    ) return true;
    return this.#heardPorts.some((from, i) =>
      from === port && this.#heardHosts[i] === host
    );
  }

  /** Receives nothing more: each wait ends with a `ClosedError` that says `why`. */
  close(why: string): void {
    this.#source.close();
    this.#waits.dispose();
    for (const wait of this.#waits) {
      const message = `${cannotReceive(this.#socket)}: ${why}`;
      wait.rejectLater(endOf(this.#socket, new ClosedError(message)));
    }
  }
}
