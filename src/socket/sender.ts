/**
 * The sending half of a stream socket: collects what the threads send in a
 * turn, and makes them wait when the peer does not read.
 *
 * @module
 */

import type { EndOfTurnHook } from "../core/end_of_turn.ts";
import type { Scheduler } from "../core/scheduler.ts";
import { TimedWaitQueue } from "../core/wait_queue.ts";
import { wrongType } from "../errors/arguments.ts";
import { ClosedError } from "../errors/errors.ts";
import { closedError } from "../errors/platform.ts";
import {
  checkWaitOptions,
  readWaitOptions,
  type WaitOptions,
} from "../errors/wait_options.ts";
import type { ByteStream } from "../readiness/stream.ts";
import { WriteSink } from "../readiness/write_sink.ts";
import { type SendQueue, SendWait } from "./send_wait.ts";
import { cannotSend, type SocketIdentity } from "./socket_identity.ts";
import { rejectedCall, resolvedCall } from "../core/immediate_call.ts";

/** After so many microtasks a write has ended that the system took at once. */
const MICROTASKS_OF_WRITE = 6;

const encoder = new TextEncoder();

/** Sends for the threads of one socket, in the order in which they asked. */
export class Sender implements SendQueue, EndOfTurnHook {
  readonly sink: WriteSink;
  readonly socket: SocketIdentity;
  readonly #scheduler: Scheduler;
  /** The sends that wait for room, made when one has to. */
  #waits?: TimedWaitQueue<SendWait> = undefined;
  #isFlushing = false;
  #closeReason?: string = undefined;
  /** Whether a caller has got the error of a write that failed. */
  #isFailureReported = false;

  constructor(
    scheduler: Scheduler,
    stream: ByteStream,
    socket: SocketIdentity,
  ) {
    this.#scheduler = scheduler;
    this.socket = socket;
    this.sink = new WriteSink(scheduler.selector, stream, this);
  }

  /** Takes `data` into the buffer; waits while there is no room. */
  send(data: string | Uint8Array, options?: WaitOptions): Promise<number> {
    const isText = typeof data === "string";
    const wrong = isText || data instanceof Uint8Array
      ? wrongOptions("send()", options)
      : wrongType("send()", "the data", "a string or a Uint8Array", data);
    if (wrong !== undefined) return rejectedCall(this.#scheduler, wrong);
    const error = this.#error();
    if (error !== undefined) return rejectedCall(this.#scheduler, error);
    let sent = 0;
    if (
      this.#waits?.first === undefined && !options?.signal?.aborted &&
      this.#scheduler.mayProceed()
    ) {
      if (data.length === 0) return Promise.resolve(0);
      if (isText) sent = this.sink.putText(data);
      else if (data.length <= this.sink.room) sent = this.sink.put(data);
      if (sent > 0) {
        this.#flushAtTurnEnd();
        return Promise.resolve(sent);
      }
    }
    const bytes = isText ? encoder.encode(data) : data;
    return this.#wait("send()", bytes, false, options) as Promise<number>;
  }

  /** Resolves when all that was sent so far is with the kernel. */
  flush(options?: WaitOptions): Promise<void> {
    const wrong = wrongOptions("flush()", options);
    if (wrong !== undefined) return rejectedCall(this.#scheduler, wrong);
    const error = this.#error();
    if (error !== undefined) return rejectedCall(this.#scheduler, error);
    this.sink.write();
    if (this.sink.isEmpty && this.#waits?.first === undefined) {
      return resolvedCall(this.#scheduler, undefined);
    }
    return this.#wait("flush()", undefined, false, options) as Promise<void>;
  }

  #wait(
    call: string,
    bytes: Uint8Array | undefined,
    shielded: boolean,
    options?: WaitOptions,
  ): Promise<number | void> {
    const wait = new SendWait(this.#scheduler, this, bytes, shielded);
    const { send } = this.socket.timeouts;
    const { timeout, signal } = readWaitOptions(call, options, send);
    this.#waits ??= new TimedWaitQueue(this.#scheduler);
    this.#waits.pushFor(wait, timeout);
    if (signal !== undefined && wait.pending) wait.endOn(signal);
    this.#scheduler.selector.ready(this);
    return wait.promise;
  }

  /** There is room, or a write failed: serves the waits in their order, as far as the room goes. */
  dispatch(): void {
    const { sink } = this;
    for (let wait; (wait = this.#waits?.first) !== undefined;) {
      if (sink.failure !== undefined) {
        const { sent } = wait;
        wait.reject(this.#writeError(sink.failure, sent));
        continue;
      }
      const isTaken = wait.putInto(sink);
      sink.write();
      if (!isTaken || (wait.isFlush && !sink.isEmpty)) {
        sink.notify = true;
        return;
      }
      wait.complete();
    }
  }

  /** All threads have run: writes what they sent, in one go. */
  atEndOfTurn(): void {
    this.#isFlushing = false;
    this.sink.write();
  }

  #flushAtTurnEnd(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#scheduler.endOfTurn.flushAtEnd(this);
  }

  /** Takes nothing more: each wait ends with a `ClosedError` that says `why`. What was taken is still written. */
  close(why: string): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = why;
    for (const wait of this.#waits ?? []) {
      const { sent } = wait;
      wait.rejectLater(
        new ClosedError(`${cannotSend(this.socket)}: ${why}`, { sent }),
      );
    }
    this.sink.write();
  }

  /** Whether nothing is left to write, and no failure of a write is left to report. */
  get isDrained(): boolean {
    return this.sink.isEmpty &&
      (this.sink.failure === undefined || this.#isFailureReported);
  }

  /**
   * Resolves when all that was taken before `close` is with the kernel. A thread
   * that was removed waits for it, too, unless there are `options`.
   */
  async drain(options?: WaitOptions): Promise<void> {
    const { sink } = this;
    try {
      for (let i = 0; i < MICROTASKS_OF_WRITE && !sink.isEmpty; i++) await null;
      if (sink.failure === undefined && !sink.isEmpty) {
        await this.#wait("close()", undefined, options === undefined, options);
      }
      if (sink.failure !== undefined && !this.#isFailureReported) {
        throw closedError(cannotSend(this.socket), sink.failure);
      }
    } finally {
      this.#waits?.dispose();
    }
  }

  /** Why nothing can be sent any more. */
  #error(): ClosedError | undefined {
    if (this.#closeReason !== undefined) {
      return new ClosedError(
        `${cannotSend(this.socket)}: ${this.#closeReason}`,
      );
    }
    const { failure } = this.sink;
    return failure === undefined ? undefined : this.#writeError(failure);
  }

  #writeError(failure: unknown, sent?: number): ClosedError {
    this.#isFailureReported = true;
    return closedError(cannotSend(this.socket), failure, { sent });
  }
}

/** Why the options of a call can't be used, if they can't. */
function wrongOptions(call: string, options: unknown): unknown {
  try {
    checkWaitOptions(call, options);
    return undefined;
  } catch (error) {
    return error;
  }
}
